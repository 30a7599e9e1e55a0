// Command differential reads manifests as kubectl does. It reads a question in JSON from each line of
// its input, a file's content in base64, and prints an answer in JSON for each. See
// ../differential-manifests.mjs.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

type question struct {
	Content []byte `json:"content"`
}

// answer has the objects that come before the first error.
type answer struct {
	Objects []any  `json:"objects"`
	Error   string `json:"error,omitempty"`
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return
		}
		var q question
		if err == nil {
			err = json.Unmarshal(line, &q)
		}
		if err == nil {
			err = encoder.Encode(read(q.Content))
		}
		if err == nil {
			err = out.Flush()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func read(content []byte) answer {
	result := answer{Objects: []any{}}
	text := transform.NewReader(bytes.NewReader(content), unicode.BOMOverride(unicode.UTF8.NewDecoder()))
	decoder := yaml.NewYAMLOrJSONDecoder(text, 4096)
	for {
		document := runtime.RawExtension{}
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return result
		}
		if err == nil {
			err = result.add(document)
		}
		if err != nil {
			result.Error = err.Error()
			return result
		}
	}
}

func (a *answer) add(document runtime.RawExtension) error {
	raw := bytes.TrimSpace(document.Raw)
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil
	}
	object, _, err := unstructured.UnstructuredJSONScheme.Decode(raw, nil, nil)
	if err != nil {
		return err
	}
	return a.flatten(object)
}

// flatten takes lists apart, one level after the other.
func (a *answer) flatten(object runtime.Object) error {
	for left := []runtime.Object{object}; len(left) > 0; left = left[1:] {
		if !meta.IsListType(left[0]) {
			item := left[0].(*unstructured.Unstructured)
			if item.GetKind() == "" {
				return runtime.NewMissingKindErr("an item")
			}
			a.Objects = append(a.Objects, item.Object)
			continue
		}
		items, err := meta.ExtractList(left[0])
		if err != nil {
			return err
		}
		if errs := runtime.DecodeList(items, unstructured.UnstructuredJSONScheme); len(errs) > 0 {
			return errors.Join(errs...)
		}
		left = append(left, items...)
	}
	return nil
}
