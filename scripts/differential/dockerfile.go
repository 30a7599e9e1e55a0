package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

type dockerfileAnswer struct {
	// Frontend is what a syntax line names.
	Frontend string `json:"frontend,omitempty"`
	// Bases are the images that BuildKit resolves for the target.
	Bases []string `json:"bases"`
	// Unreachable are the images that it resolves in addition when it looks at all stages.
	Unreachable []string `json:"unreachable"`
	// Instructions are those of the text; none if BuildKit cannot parse it.
	Instructions []instruction `json:"instructions,omitempty"`
	// Error says why BuildKit refuses the Dockerfile.
	Error string `json:"error,omitempty"`
	// Ours are the given references in full; an invalid one is empty.
	Ours []string `json:"ours"`
}

// instruction is one with its lines, counted from 1.
type instruction struct {
	Keyword string   `json:"keyword"`
	Flags   []string `json:"flags"`
	Start   int      `json:"start"`
	End     int      `json:"end"`
}

func readDockerfile(ctx context.Context, q question) dockerfileAnswer {
	var result dockerfileAnswer
	if syntax, ok := q.BuildArgs["BUILDKIT_SYNTAX"]; ok {
		// As frontend/dockerfile/builder does it; it exports nothing that could be called.
		result.Frontend, _, _ = strings.Cut(strings.TrimSpace(syntax), " ")
	} else if ref, _, _, ok := parser.DetectSyntax([]byte(*q.Text)); ok {
		result.Frontend = ref
	}
	if parsed, err := parser.Parse(strings.NewReader(*q.Text)); err == nil {
		for _, node := range parsed.AST.Children {
			flags := append([]string{}, node.Flags...)
			keyword := strings.ToUpper(node.Value)
			result.Instructions = append(result.Instructions, instruction{keyword, flags, node.StartLine, node.EndLine})
		}
	}
	reachable, err := resolvedImages(ctx, q, false)
	if err != nil {
		result.Error = err.Error()
	}
	// This may fail where a build does not. The images are those found until then.
	all, _ := resolvedImages(ctx, q, true)
	result.Bases = sorted(reachable)
	maps.DeleteFunc(all, func(name string, _ struct{}) bool { _, ok := reachable[name]; return ok })
	result.Unreachable = sorted(all)
	for _, name := range q.Ours {
		full := ""
		if ref, err := reference.ParseNormalizedNamed(name); err == nil {
			full = reference.TagNameOnly(ref).String()
		}
		result.Ours = append(result.Ours, full)
	}
	return result
}

// resolvedImages converts a Dockerfile as a build does, and returns the images whose configuration
// BuildKit asks for.
func resolvedImages(ctx context.Context, q question, allStages bool) (found map[string]struct{}, err error) {
	resolver := &recorder{found: map[string]struct{}{}}
	defer func() {
		if r := recover(); r != nil {
			found, err = resolver.found, fmt.Errorf("panic: %v", r)
		}
	}()
	target, err := platforms.Parse(q.Platform)
	if err != nil {
		return resolver.found, err
	}
	target = platforms.Normalize(target)
	_, err = dockerfile2llb.Dockerfile2LLB(ctx, []byte(*q.Text), dockerfile2llb.ConvertOpt{
		Config: dockerui.Config{
			BuildArgs:      maps.Clone(q.BuildArgs), // BuildKit changes it
			BuildPlatforms: []ocispecs.Platform{platforms.Normalize(platforms.DefaultSpec())},
			Target:         q.Target,
		},
		TargetPlatform: &target,
		MetaResolver:   resolver,
		AllStages:      allStages,
	})
	return resolver.found, err
}

// recorder gives every image the same configuration, and remembers their names.
type recorder struct {
	mutex sync.Mutex
	found map[string]struct{}
}

func (r *recorder) ResolveImageConfig(
	_ context.Context, ref string, _ sourceresolver.Opt,
) (string, digest.Digest, []byte, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.found[ref] = struct{}{}
	layer := digest.FromString("layer")
	config := fmt.Sprintf(`{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[%q]}}`, layer)
	return ref, "", []byte(config), nil
}

// sorted returns the names in order. An empty list is not nil, so that it is an array in JSON.
func sorted(names map[string]struct{}) []string {
	list := slices.AppendSeq([]string{}, maps.Keys(names))
	slices.Sort(list)
	return list
}
