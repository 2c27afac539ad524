package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/host/audit"
	"bulkhead/host/audit/export"
)

// formatTiles is a folder of files, and no stream.
const formatTiles = "tiles"

// exportOptions are the flags of audit export.
type exportOptions struct {
	key                    logKey
	format, cursor, output string
	since, until           uint64
	follow, confirm, count bool
	facility               int
	enterprise             uint32
}

func auditExportCommand(s *streams) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export [LOG] --format jsonl|csv|cef|syslog|tiles",
		Short: "Write entries for other systems, and go on where the last export ended",
		Long: `Write entries as JSON lines, CSV (RFC 4180), CEF or syslog (RFC 5424), or the whole log as files for any web server
(c2sp.org/tlog-tiles; -o is the folder). Only what the log's key has sealed is written. A running host does not mind.

--cursor FILE says how far an earlier export came, and is moved behind what has been written: after a crash no entry is
missing, and at most the last 1024 come again. An output file is flushed to the disk first. Of a pipe nobody knows what its
reader keeps: with --confirm the cursor waits until the reader has written to this command's standard input, as a line, the
index up to which it has stored everything.

A cursor of another log, or of one that was rolled back or forked since, is refused with exit code 3.`,
		Example: `  bin/host audit export state --format jsonl --cursor siem.cursor -o siem.jsonl --follow
  bin/host audit export state --format tiles -o public/log`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd); err != nil {
				return usage(err)
			}
			return o.run(cmd, s, logFolder(args))
		},
	}
	o.key.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.format, "format", string(export.JSONLines), "jsonl, csv, cef, syslog or tiles")
	f.StringVar(&o.cursor, "cursor", "", "file that says how far the export has come; made if it is missing")
	f.StringVarP(&o.output, "output", "o", "-", "file to append to, or - for standard output; the folder for tiles")
	f.BoolVarP(&o.follow, "follow", "f", false, "go on with new entries until interrupted")
	f.BoolVar(&o.confirm, "confirm", false, "move the cursor when standard input says that the reader has stored it")
	f.Uint64Var(&o.since, "since", 0, "index of the first entry, where there is no cursor yet")
	f.Uint64Var(&o.until, "until", 0, "index of the entry before which to end")
	f.BoolVar(&o.count, "octet-counting", false, "syslog for a TCP stream: lengths instead of line ends (RFC 6587)")
	f.IntVar(&o.facility, "facility", export.FacilityAudit, "of syslog, 0 to 23; 13 is log audit")
	f.Uint32Var(&o.enterprise, "enterprise", export.EnterpriseExample, "of syslog, the private enterprise number under which the structured data is; the default is the one for examples")
	return cmd
}

// check finds what does not go together.
func (o *exportOptions) check(cmd *cobra.Command) error {
	set := func(name string) bool { return cmd.Flags().Changed(name) }
	given := func(names ...string) string {
		return strings.Join(slices.DeleteFunc(names, func(n string) bool { return !set(n) }), ", --")
	}
	switch {
	case o.format == formatTiles && o.output == "-":
		return errors.New("tiles are many files: say with -o into which folder")
	case o.format == formatTiles:
		if names := given("cursor", "confirm", "since", "until", "octet-counting", "facility", "enterprise"); names != "" {
			return fmt.Errorf("the folder itself says how far it is; --%s is for the other formats", names)
		}
	case !slices.Contains(export.Formats(), export.Format(o.format)):
		return fmt.Errorf("unknown format %q, want jsonl, csv, cef, syslog or tiles", o.format)
	case o.confirm && (o.output != "-" || o.cursor == ""):
		return errors.New("--confirm moves --cursor for the reader of standard output")
	case o.count && o.output != "-":
		return errors.New("--octet-counting is for a stream; a file has lines")
	case o.format != string(export.Syslog):
		if names := given("octet-counting", "facility", "enterprise"); names != "" {
			return fmt.Errorf("--%s is for syslog", names)
		}
	}
	return nil
}

func (o *exportOptions) run(cmd *cobra.Command, s *streams, folder string) error {
	feed, err := o.key.feed(folder)
	if err != nil {
		return err
	}
	defer feed.Close()
	if o.format == formatTiles {
		err = o.tiles(cmd.Context(), s, feed)
	} else {
		err = o.entries(cmd, s, feed)
	}
	var gap *export.GapError
	var foreign *audit.Problem
	switch {
	case errors.As(err, &gap):
		return hinted(err, fmt.Sprintf("they are gone; a new export begins with --since %d", gap.To))
	case errors.As(err, &foreign):
		return refused(err, "'host audit verify' says more")
	case errors.Is(err, export.ErrNotThisLog):
		return refused(err, "keep both for evidence, and find out who changed the log; a new cursor begins a new export")
	}
	return err
}

// feed opens the log in a folder, with the key that it is checked with.
func (k *logKey) feed(folder string) (*audit.Feed, error) {
	v, err := k.verifier(folder, nil)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, usage(errors.New("the log's folder has no public key\nhint: give it with --key"))
	}
	return audit.OpenFeed(folder, v)
}

// entries writes a stream.
func (o *exportOptions) entries(cmd *cobra.Command, s *streams, feed *audit.Feed) (err error) {
	j := &export.Job{Log: feed, Follow: o.follow}
	if cmd.Flags().Changed("until") {
		j.Until = &o.until
	}
	if cmd.Flags().Changed("since") {
		j.Since = &o.since
	}
	end, err := o.place(j)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	out, fresh, err := o.open(s, j.Start == nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	j.Output = out
	options := export.Options{
		Origin: feed.Origin(), Host: deviceOf(feed.Origin()), Version: version, Facility: &o.facility, Enterprise: o.enterprise,
		CountOctets: o.count, WithoutTitle: !fresh,
	}
	if j.Encoder, err = export.New(export.Format(o.format), options); err != nil {
		return usage(err)
	}
	if o.confirm {
		j.Confirm = confirmed(s.in)
	}
	_, err = j.Run(cmd.Context())
	return err
}

// place finds the cursor, and where it is kept. The caller calls end.
func (o *exportOptions) place(j *export.Job) (end func() error, err error) {
	if o.cursor == "" {
		return func() error { return nil }, nil
	}
	file, err := export.OpenCursor(o.cursor)
	if err != nil {
		return nil, err
	}
	j.Save = file.Save
	at, err := export.ReadCursor(o.cursor)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return file.Close, nil
	case err == nil && j.Since != nil:
		err = usage(errors.New("--since is for the first export; the cursor says where this one begins"))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	j.Start = &at
	return file.Close, nil
}

// open opens the output, and says whether a title is due.
func (o *exportOptions) open(s *streams, first bool) (io.WriteCloser, bool, error) {
	if o.output != "-" {
		out, err := export.OpenOutput(o.output)
		if err != nil {
			return nil, false, err
		}
		return out, out.Fresh, nil
	}
	if f, ok := s.out.(*os.File); ok {
		out, err := export.StreamOutput(f)
		return out, first, err
	}
	return unclosed{s.out}, first, nil
}

type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// deviceOf finds the device's name in an origin of the usual form; any other origin is the name.
func deviceOf(origin string) string {
	if parts := strings.Split(origin, "/"); len(parts) == 3 && parts[0] == "bulkhead" {
		return parts[1]
	}
	return origin
}

// confirmed waits until a reader says that it has stored everything before an index.
func confirmed(in io.Reader) func(uint64) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 64)
	var stored uint64
	return func(next uint64) error {
		for stored < next {
			if !lines.Scan() {
				return errors.Join(errors.New("the reader went away before it had confirmed everything"), lines.Err())
			}
			n, err := strconv.ParseUint(lines.Text(), 10, 64)
			if err != nil || n > next {
				return fmt.Errorf("the reader confirmed %q, but what it got ends before entry %d", lines.Text(), next)
			}
			stored = max(stored, n)
		}
		return nil
	}
}

// tilesEvery is how often a followed log's folder is brought up to date.
const tilesEvery = time.Second

// tiles writes a folder.
func (o *exportOptions) tiles(ctx context.Context, s *streams, feed *audit.Feed) error {
	site, err := audit.OpenSite(o.output, feed)
	if err != nil {
		return err
	}
	defer site.Close()
	for {
		head, err := site.Update(ctx)
		if ctx.Err() != nil && o.follow {
			return nil
		}
		if err != nil {
			return err
		}
		if !o.follow {
			result := map[string]any{"origin": head.Origin, "size": head.Size, "root": rootText(head), "folder": o.output}
			return s.say(result, fmt.Sprintf("%s has the %d entries of the checkpoint, root %s\n", o.output, head.Size, rootText(head)))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(tilesEvery):
		}
	}
}
