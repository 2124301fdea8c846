import com.sun.net.httpserver.HttpServer;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;

/** Serves one request, asks for it, and ends. Knows nothing of OpenTelemetry. */
public class Ask {
  public static void main(String[] args) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/carts", exchange -> {
      exchange.sendResponseHeaders(204, -1);
      exchange.close();
    });
    server.start();
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/carts");
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    System.out.println(connection.getResponseCode());
    server.stop(0);
  }
}
