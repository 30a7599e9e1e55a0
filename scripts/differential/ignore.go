package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/moby/patternmatcher/ignorefile"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

type ignoreAnswer struct {
	// Kept are the paths that are sent, without slashes at the end.
	Kept  []string `json:"kept"`
	Error string   `json:"error,omitempty"`
}

// readIgnoreFile filters a tree as BuildKit's client does when it sends a context.
func readIgnoreFile(ctx context.Context, q question) ignoreAnswer {
	result := ignoreAnswer{Kept: []string{}}
	err := func() error {
		patterns, err := ignorefile.ReadAll(bytes.NewBufferString(q.Ignore))
		if err != nil {
			return err
		}
		filtered, err := fsutil.NewFilterFS(tree(q.Paths), &fsutil.FilterOpt{ExcludePatterns: patterns})
		if err != nil {
			return err
		}
		return filtered.Walk(ctx, "", func(path string, _ fs.DirEntry, err error) error {
			result.Kept = append(result.Kept, path)
			return err
		})
	}()
	if err != nil {
		result.Error = err.Error()
	}
	slices.Sort(result.Kept)
	return result
}

// tree is a file system without content: all its paths, those of directories with a slash at the end.
type tree []string

func (t tree) Open(string) (io.ReadCloser, error) {
	return nil, errors.New("no content")
}

func (t tree) Walk(_ context.Context, _ string, fn fs.WalkDirFunc) error {
	// Directories before their content: as if the separator sorted before all other characters.
	sorted := slices.SortedFunc(slices.Values(t), func(a, b string) int {
		return slices.Compare(strings.Split(strings.TrimSuffix(a, "/"), "/"), strings.Split(strings.TrimSuffix(b, "/"), "/"))
	})
	skipped := "\x00"
	for _, entry := range sorted {
		if strings.HasPrefix(entry, skipped) {
			continue
		}
		path, isDirectory := strings.CutSuffix(entry, "/")
		mode := uint32(0o644)
		if isDirectory {
			mode = uint32(os.ModeDir | 0o755)
		}
		err := fn(path, &fsutil.DirEntryInfo{Stat: &types.Stat{Path: path, Mode: mode}}, nil)
		switch {
		case err == nil:
		case errors.Is(err, fs.SkipDir) && isDirectory:
			skipped = path + "/"
		default:
			return err
		}
	}
	return nil
}
