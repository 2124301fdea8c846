import { describe, expect, test } from 'vitest'
import { peerOf } from '../../../collector/wire/peer.ts'
import { isSidecar } from '../../../collector/wire/sidecar.ts'

/**
 * Names of backends, from attributes as SDKs of current and of previous semantic conventions send them. That the columnar
 * decoder gives the same is held by test/property, which draws these keys.
 */
const cases: Readonly<Record<string, readonly [attributes: Record<string, string>, want: string]>> = {
  'HTTP, current': [{ 'server.address': 'api.example', 'server.port': '443' }, 'api.example:443'],
  'HTTP, previous': [{ 'net.peer.name': 'api.example', 'net.peer.port': '8080' }, 'api.example:8080'],
  'HTTP, a URL alone': [{ 'url.full': 'https://u:p@API.example/v1?x=a@b' }, 'api.example:443'],
  'HTTP, an old URL with a port': [{ 'http.url': 'http://cart:8080/items' }, 'cart:8080'],
  'HTTP, a URL beats the address of a socket': [
    { 'http.url': 'http://cart/items', 'network.peer.address': '10.1.2.3' },
    'cart:80',
  ],
  'HTTP, the Host header': [{ 'http.host': 'cart:8080', 'net.peer.ip': '10.1.2.3' }, 'cart:8080'],
  'HTTP, only an address of a socket': [
    { 'network.peer.address': '10.1.2.3', 'network.peer.port': '80' },
    '10.1.2.3:80',
  ],
  'a name that a person gave': [{ 'peer.service': 'payments', 'server.address': 'pay.example' }, 'payments'],
  OpenTracing: [{ 'peer.hostname': 'cart', 'peer.port': '80' }, 'cart:80'],
  'database: host, port and database': [
    {
      'db.system.name': 'postgresql',
      'server.address': 'pg',
      'server.port': '5432',
      'db.namespace': 'shop',
    },
    'pg:5432/shop',
  ],
  'database, previous': [
    { 'db.system': 'mysql', 'net.peer.name': 'my', 'db.name': 'shop', 'db.user': 'root' },
    'my/shop',
  ],
  'database, a connection string without its password': [
    { 'db.system': 'mongodb', 'db.connection_string': 'mongodb://u:p@mongo:27017/shop', 'db.name': 'shop' },
    'mongo:27017/shop',
  ],
  'database, JDBC': [
    { 'db.system': 'postgresql', 'db.connection_string': 'jdbc:postgresql://pg:5432' },
    'pg:5432',
  ],
  'database without an address': [{ 'db.system': 'h2', 'db.name': 'shop' }, 'shop'],
  'database with a name given': [
    { 'db.system': 'postgresql', 'peer.service': 'orders-db', 'db.name': 'shop' },
    'orders-db/shop',
  ],
  'cache: the pool, whatever index': [
    { 'db.system': 'redis', 'server.address': 'redis', 'server.port': '6379', 'db.namespace': '3' },
    'redis:6379',
  ],
  'Kafka: the broker; the topic is the destination': [
    { 'messaging.system': 'kafka', 'server.address': 'kafka', 'server.port': '9092' },
    'kafka:9092',
  ],
  'RabbitMQ: host, port, exchange, routing key': [
    {
      'messaging.system': 'rabbitmq',
      'server.address': 'mq',
      'server.port': '5672',
      'messaging.destination.name': 'orders',
      'messaging.rabbitmq.destination.routing_key': 'order.created',
    },
    'mq:5672/orders/order.created',
  ],
  'RabbitMQ, previous': [
    {
      'messaging.system': 'rabbitmq',
      'net.peer.name': 'mq',
      'messaging.destination': 'orders',
      'messaging.rabbitmq.routing_key': 'order.created',
    },
    'mq/orders/order.created',
  ],
  'RabbitMQ, exchange and key in one name': [
    {
      'messaging.system': 'rabbitmq',
      'server.address': 'mq',
      'messaging.destination.name': 'orders:order.created',
      'messaging.rabbitmq.destination.routing_key': 'order.created',
    },
    'mq/orders:order.created',
  ],
  'RPC: host and port': [
    { 'rpc.system': 'grpc', 'server.address': 'stock', 'server.port': '50051' },
    'stock:50051',
  ],
  'RPC without an address': [{ 'rpc.system': 'grpc', 'rpc.service': 'shop.Stock' }, 'shop.Stock'],
  'AWS: service and bucket': [
    {
      'rpc.system': 'aws-api',
      'rpc.service': 'S3',
      'server.address': 's3.amazonaws.com',
      'aws.s3.bucket': 'img',
    },
    'S3/img',
  ],
  'AWS: the last part of a URL': [
    {
      'rpc.system': 'aws-api',
      'rpc.service': 'SQS',
      'aws.sqs.queue.url': 'https://sqs.eu-west-1.amazonaws.com/12/orders',
    },
    'SQS/orders',
  ],
  'AWS: the last part of an ARN': [
    { 'rpc.system': 'aws-api', 'rpc.method': 'SNS/Publish', 'aws.sns.topic.arn': 'arn:aws:sns:eu:1:mails' },
    'SNS/mails',
  ],
  'AWS: nothing but the service': [
    { 'rpc.system': 'aws-api', 'rpc.service': 'STS', 'server.address': 'sts.amazonaws.com' },
    'STS',
  ],
  'FaaS: the function': [
    { 'faas.invoked_name': 'resize', 'faas.invoked_provider': 'aws', 'server.address': 'lambda.example' },
    'resize',
  ],
  "a mesh's address is no place": [
    { 'net.peer.name': '127.0.0.6', 'network.peer.address': '127.0.0.6', 'http.url': 'http://127.0.0.6:80/' },
    '',
  ],
  'nor does it hide another': [{ 'server.address': '127.0.0.6', 'http.url': 'http://cart/' }, 'cart:80'],
  'nothing at all': [{}, ''],
}

describe('what a span calls is named by its kind of backend', () => {
  test.each(Object.entries(cases))('%s', (_name, [attributes, want]) => {
    expect(peerOf((key) => attributes[key])).toBe(want)
  })
})

describe('a sidecar is told from a gateway and from an Envoy that is a service', () => {
  const proxies: Readonly<Record<string, readonly [Record<string, string>, boolean]>> = {
    "Istio's sidecar": [{ component: 'proxy', node_id: 'sidecar~10.0.0.1~cart-1.shop~shop' }, true],
    "Istio's waypoint": [{ component: 'proxy', node_id: 'waypoint~10.0.0.1~w.shop~shop' }, true],
    'a sidecar without its id': [{ component: 'proxy', upstream_cluster: 'inbound|9080||' }, true],
    "Consul's": [{ component: 'proxy', node_id: 'cart-1-sidecar-proxy' }, true],
    "App Mesh's": [{ component: 'proxy', node_id: 'mesh/shop/virtualNode/cart' }, true],
    "Istio's gateway": [
      { component: 'proxy', node_id: 'router~10.0.0.1~gw', upstream_cluster: 'outbound|80||cart' },
      false,
    ],
    'an Envoy at the edge': [{ component: 'proxy', node_id: '', upstream_cluster: 'frontend' }, false],
    'an application with a component': [{ component: 'net/http', node_id: 'sidecar~x' }, false],
  }
  test.each(Object.entries(proxies))('%s', (_name, [attributes, want]) => {
    expect(isSidecar((key) => attributes[key], 'cart')).toBe(want)
  })
  test("Linkerd's, by its name", () => expect(isSidecar(() => undefined, 'linkerd-proxy')).toBe(true))
})
