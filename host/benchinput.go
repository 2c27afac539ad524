package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"bulkhead/abi"
	"bulkhead/host/safefile"
)

// maxRequests is how many files a folder of requests may have.
const maxRequests = 1000

// readRequest reads a request from a file, or from standard input if it is "-"; without a name it is empty.
func readRequest(s *streams, name string) ([]byte, error) {
	switch name {
	case "":
		return nil, nil
	case "-":
		return bounded(s.in, "standard input")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, usage(err)
	}
	defer f.Close()
	return bounded(f, name)
}

func bounded(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, abi.MaxRequest+1))
	if err == nil && len(data) > abi.MaxRequest {
		err = tooLong(name)
	}
	if err != nil {
		return nil, usage(err)
	}
	return data, nil
}

func tooLong(name string) error {
	return fmt.Errorf("%s is larger than a request can be, %d bytes", name, abi.MaxRequest)
}

// asToolRequest makes the request that a host sends a tool plugin out of arguments. A whole request, which names its
// tool, stays as it is.
func asToolRequest(tool string, input []byte) ([]byte, error) {
	if len(input) == 0 {
		input = []byte("{}")
	}
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(input, &whole); err != nil {
		return nil, usage(fmt.Errorf("--tool wants arguments, a JSON object: %w", err))
	}
	if _, named := whole["tool"]; named {
		return input, nil
	}
	request, err := json.Marshal(abi.ToolRequest{Tool: tool, Arguments: input, Call: "workbench", Principal: "system/workbench"})
	if err == nil && len(request) > abi.MaxRequest {
		err = errors.New("with the tool's name around it, " + tooLong("the input").Error())
	}
	if err != nil {
		return nil, usage(err)
	}
	return request, nil
}

// A requestFolder is a folder whose files are requests.
type requestFolder struct {
	root  *os.Root
	names []string
	tool  string
}

// openRequests lists the folder. The caller closes its root.
func openRequests(folder, tool string) (*requestFolder, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	r := &requestFolder{root: root, tool: tool}
	if r.names, err = fileNames(root); err == nil && len(r.names) == 0 {
		err = fmt.Errorf("there is no file in %s", folder)
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return r, nil
}

// fileNames returns the names in a folder, sorted.
func fileNames(root *os.Root) ([]string, error) {
	d, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	entries, err := d.ReadDir(maxRequests + 1)
	switch {
	case err != nil && err != io.EOF:
		return nil, err
	case len(entries) > maxRequests:
		return nil, fmt.Errorf("there are more than %d files in %s", maxRequests, root.Name())
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names, nil
}

// read returns one request.
func (r *requestFolder) read(name string) ([]byte, error) {
	data, _, err := safefile.Read(r.root, name, abi.MaxRequest)
	if err == nil && r.tool != "" {
		data, err = asToolRequest(r.tool, data)
	}
	if err != nil {
		return nil, usage(fmt.Errorf("%s: %s", name, safefile.Reason(err)))
	}
	return data, nil
}
