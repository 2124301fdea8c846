package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// image makes the trees that an image has, as files by path.
func image(t *testing.T, files map[string]fs.FileMode) string {
	t.Helper()
	source := t.TempDir()
	for path, mode := range files {
		file := filepath.Join(source, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(path), mode); err != nil {
			t.Fatal(err)
		}
	}
	return source
}

var whole = map[string]fs.FileMode{
	"node/register.cjs":                   0o644,
	"node/patch/pg.cjs":                   0o600,
	"java/opentelemetry-javaagent.jar":    0o644,
	"dotnet/linux-x64/instrumentation.so": 0o755,
	"etc/passwd":                          0o644,
}

func found(t *testing.T, directory string) map[string]fs.FileMode {
	t.Helper()
	files := map[string]fs.FileMode{}
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		relative, _ := filepath.Rel(directory, path)
		files[relative] = info.Mode()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func check(t *testing.T, directory string, want map[string]fs.FileMode) {
	t.Helper()
	got := found(t, directory)
	for path, mode := range want {
		if got[path] != mode {
			t.Errorf("%s has mode %v, want %v", path, got[path], mode)
		}
		if text, _ := os.ReadFile(filepath.Join(directory, path)); string(text) != path {
			t.Errorf("%s holds %q", path, text)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCopiesWhatTheImageHas(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	directory := t.TempDir()
	var said strings.Builder
	for range 2 { // The second time as after a failure of a later container.
		if code := run(image(t, whole), []string{directory}, &said); code != 0 || said.Len() > 0 {
			t.Fatalf("exit %d: %s", code, said.String())
		}
		check(t, directory, map[string]fs.FileMode{
			"node/register.cjs":                   0o644,
			"node/patch/pg.cjs":                   0o644,
			"java/opentelemetry-javaagent.jar":    0o644,
			"dotnet/linux-x64/instrumentation.so": 0o755,
		})
	}
}

func TestCopiesOnlyWhatIsNamed(t *testing.T) {
	directory := t.TempDir()
	var said strings.Builder
	if code := run(image(t, whole), []string{directory, "java"}, &said); code != 0 {
		t.Fatal(code, said.String())
	}
	check(t, directory, map[string]fs.FileMode{"java/opentelemetry-javaagent.jar": 0o644})
}

func TestLeavesNoHalfTree(t *testing.T) {
	source := image(t, whole)
	if err := os.Symlink("/etc/passwd", filepath.Join(source, "node/zzz")); err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	var said strings.Builder
	if code := run(source, []string{directory}, &said); code != 1 {
		t.Fatal(code)
	}
	if !strings.HasPrefix(said.String(), "cannot copy node to ") {
		t.Error(said.String())
	}
	check(t, directory, map[string]fs.FileMode{})
}

func TestIsCalledWrongly(t *testing.T) {
	for _, args := range [][]string{{}, {""}, {t.TempDir(), "cobol"}, {t.TempDir(), "../etc"}} {
		var said strings.Builder
		if code := run(image(t, whole), args, &said); code != 2 || said.Len() == 0 {
			t.Errorf("%v: exit %d, %q", args, code, said.String())
		}
	}
}

func TestFailsWhereNothingCanBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	if code := run(image(t, whole), []string{file}, &said); code != 1 || said.Len() == 0 {
		t.Error(code, said.String())
	}
}
