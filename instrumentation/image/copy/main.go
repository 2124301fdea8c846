// Copy is the only program of the injection image, for clusters that cannot mount an image as a volume. As the first init
// container of a pod it brings the files of the instrumentation into an empty directory that the other containers mount:
//
//	/copy DIRECTORY [node|java|python|dotnet ...]
//
// Without names it copies what the image has. It runs as whoever the application runs as, so it keeps no owner; files become
// readable for all. Each tree is made beside its place and then renamed into it: what has a name is whole. Run again, as after a
// failure, it begins anew. Exit status: 0 all copied, 1 something could not be, 2 it was called wrongly.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

var trees = []string{"node", "java", "python", "dotnet"}

const partial = ".partial"

func main() {
	program, err := os.Executable()
	if err != nil {
		fmt.Fprintf(os.Stderr, "cannot find the files beside this program: %v\n", err)
		os.Exit(1)
	}
	os.Exit(run(filepath.Dir(program), os.Args[1:], os.Stderr))
}

func run(source string, args []string, stderr io.Writer) int {
	if len(args) == 0 || args[0] == "" {
		fmt.Fprintln(stderr, "usage: /copy DIRECTORY [node|java|python|dotnet ...]")
		return 2
	}
	wanted, err := choose(source, args[1:])
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	for _, name := range wanted {
		if err := bring(filepath.Join(source, name), args[0], name); err != nil {
			fmt.Fprintf(stderr, "cannot copy %s to %s: %v\n", name, args[0], err)
			return 1
		}
	}
	return 0
}

// choose returns the trees that were named, or those that are there.
func choose(source string, named []string) ([]string, error) {
	for _, name := range named {
		if !slices.Contains(trees, name) {
			return nil, fmt.Errorf("cannot copy %q: expected one of %v", name, trees)
		}
	}
	if len(named) > 0 {
		return named, nil
	}
	return slices.DeleteFunc(slices.Clone(trees), func(name string) bool {
		_, err := os.Stat(filepath.Join(source, name))
		return errors.Is(err, fs.ErrNotExist)
	}), nil
}

// bring copies a tree beside its place, then puts it there.
func bring(from, directory, name string) error {
	beside := filepath.Join(directory, partial, name)
	place := filepath.Join(directory, name)
	if err := os.RemoveAll(beside); err != nil {
		return err
	}
	defer os.RemoveAll(filepath.Join(directory, partial))
	if err := copyTree(from, beside); err != nil {
		return err
	}
	if err := os.RemoveAll(place); err != nil {
		return err
	}
	return os.Rename(beside, place)
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		switch {
		case entry.IsDir():
			return makeDirectory(target)
		case entry.Type().IsRegular():
			return copyFile(path, target)
		default:
			// The image's build leaves links out; a device or socket cannot be in it.
			return fmt.Errorf("%s is neither a file nor a directory", path)
		}
	})
}

// makeDirectory is os.MkdirAll whatever the umask is.
func makeDirectory(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	return os.Chmod(path, 0o755)
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if info.Mode()&0o100 != 0 {
		mode = 0o755
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	// A full disk may be told at the close only.
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Chmod(mode)
}
