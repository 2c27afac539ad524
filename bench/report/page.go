package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"bulkhead/host/measure"
)

// Latest reads the newest whole run of a folder of results.
func Latest(folder string) (*Run, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(paths) // names begin with the date
	for _, path := range slices.Backward(paths) {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		r := &Run{}
		if err := json.Unmarshal(data, r); err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		if r.Complete {
			return r, nil
		}
	}
	return nil, fmt.Errorf("there is no whole run in %s: make bench", folder)
}

// Page fills a template with what a run found. Whatever the template asks for and the run has not is an error with its name.
func (r *Run) Page(text string) ([]byte, error) {
	t, err := template.New("page").Option("missingkey=error").Funcs(r.functions()).Parse(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, nil); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// functions are what the template may say. Names of tables and rows are those of the run.
func (r *Run) functions() template.FuncMap {
	return template.FuncMap{
		"facts":    func() string { return strings.TrimSuffix(r.facts(), "\n") },
		"date":     func() string { return r.Date },
		"machine":  func() string { return r.Machine },
		"aims":     func() string { return strings.TrimSuffix(aimsTable(r.Aims), "\n") },
		"plot":     r.plotLink,
		"table":    r.tableOf,
		"median":   r.medianOf,
		"ratio":    r.ratioOf,
		"steps":    r.stepsOf,
		"endings":  func(name string) (string, error) { return markdown(r.Ending(name)) },
		"grid":     func(name string) (string, error) { return markdown(r.Grid(name)) },
		"arrivals": func() (string, error) { return r.arrivals() },
		"noise":    func() string { return r.noise() },
		"overview": r.overview,
		"ways":     r.ways,
		"losses":   r.losses,
	}
}

func markdown[T interface{ Markdown() string }](x T, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(x.Markdown(), "\n"), nil
}

// plotLink is the picture of that name.
func (r *Run) plotLink(name string) (string, error) {
	if _, ok := r.Plots()[name]; !ok {
		return "", fmt.Errorf("the run has no plot %q", name)
	}
	return fmt.Sprintf("![%s](results/%s-%s/%s.svg)", name, r.Date, r.Machine, name), nil
}

func (r *Run) tableOf(name string, rows ...string) (string, error) {
	t, err := r.Table(name)
	if err != nil {
		return "", err
	}
	for _, row := range rows {
		if _, err := t.Row(row); err != nil {
			return "", err
		}
	}
	return strings.TrimSuffix(t.only(rows), "\n"), nil
}

func (r *Run) medianOf(table, row string) (string, error) {
	x, err := r.row(table, row)
	return measure.Time(x.Median), err
}

// ratioOf is how many times longer one row takes than another.
func (r *Run) ratioOf(table, row, over string) (string, error) {
	x, err := r.row(table, row)
	y, failed := r.row(table, over)
	return measure.Digits(x.Ratio / y.Ratio), errors.Join(err, failed)
}

func (r *Run) row(table, row string) (Row, error) {
	t, err := r.Table(table)
	if err != nil {
		return Row{}, err
	}
	return t.Row(row)
}

// stepsOf is a waterfall as a table.
func (r *Run) stepsOf(name string) (string, error) {
	for _, s := range r.Slopes {
		if s.Name != name {
			continue
		}
		t, err := r.Table(s.Table)
		if err != nil {
			return "", err
		}
		var b strings.Builder
		b.WriteString("| | what it adds | takes | more |\n|---|---|--:|--:|\n")
		var before Row
		for i, step := range s.Steps {
			row, err := t.Row(step)
			if err != nil {
				return "", err
			}
			more := ""
			if i > 0 {
				more = difference(before, row, t.Noise())
			}
			_, short, _ := strings.Cut(step, ": ")
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", short, s.Labels[i], measure.Time(row.Median), more)
			before = row
		}
		return strings.TrimSuffix(b.String(), "\n"), nil
	}
	return "", fmt.Errorf("the run has no waterfall %q", name)
}

func (r *Run) arrivals() (string, error) {
	if len(r.Arrivals) == 0 {
		return "", errors.New("the run has no arrivals")
	}
	return strings.TrimSuffix(arrivalsTable(r.Arrivals), "\n"), nil
}

// noise is every A/A row.
func (r *Run) noise() string {
	var b strings.Builder
	b.WriteString("| table | the same again | off by |\n|---|---|--:|\n")
	for i := range r.Tables {
		t := &r.Tables[i]
		if _, err := t.Row(Again(t.Base)); err == nil {
			fmt.Fprintf(&b, "| %s | %s | %.1f %% |\n", t.Title, t.Base, 100*t.Noise())
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
