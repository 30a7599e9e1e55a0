// Command differential answers as BuildKit does: which images a Dockerfile uses, and which files an
// ignore file excludes. It reads a question in JSON from each line of its input and prints an answer
// in JSON for each. See ../differential.mjs.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// question is about a Dockerfile if Text is set, and about an ignore file otherwise.
type question struct {
	Text      *string           `json:"text"`
	BuildArgs map[string]string `json:"buildArgs"`
	Platform  string            `json:"platform"`
	Target    string            `json:"target"`
	// Ours are references that another reader found; they are returned in their full form.
	Ours []string `json:"ours"`

	Ignore string `json:"ignore"`
	// Paths are all paths of a tree. Directories end in a slash.
	Paths []string `json:"paths"`
}

func main() {
	const workers = 2
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	// Answers come in the order of the questions, though several are computed at once.
	pending := make(chan chan any, 4*workers)
	slots := make(chan struct{}, workers)
	var printing sync.WaitGroup
	printing.Go(func() {
		for result := range pending {
			if err := encoder.Encode(<-result); err != nil {
				fail(err)
			}
			if err := out.Flush(); err != nil {
				fail(err)
			}
		}
	})
	for in.Scan() {
		var q question
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			fail(err)
		}
		result := make(chan any, 1)
		pending <- result
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			result <- answer(context.Background(), q)
		}()
	}
	close(pending)
	printing.Wait()
	if err := in.Err(); err != nil {
		fail(err)
	}
}

func answer(ctx context.Context, q question) any {
	if q.Text != nil {
		return readDockerfile(ctx, q)
	}
	return readIgnoreFile(ctx, q)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
