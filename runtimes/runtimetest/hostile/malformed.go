package hostile

import (
	"bytes"
	"fmt"
	"strings"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
)

// preambles are files that are no core module.
func preambles() []*Attack {
	return []*Attack{
		invalid("file_empty", "no bytes at all"),
		invalid("file_magic_cut", "three bytes of the magic number", []byte("\x00as")),
		refused("file_bare", "a module without anything", raw()),
		invalid("file_text", "the text format", []byte("(module)")),
		invalid("file_gzip", "compressed", []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03")),
		invalid("file_elf", "a native program", []byte("\x7fELF\x02\x01\x01\x00")),
		invalid("file_script", "a shell script", []byte("#!/bin/sh\nexec /bin/sh\n")),
		invalid("file_component", "a component", []byte("\x00asm\x0d\x00\x01\x00")),
		invalid("file_version_2", "a version that does not exist", []byte("\x00asm\x02\x00\x00\x00")),
		invalid("file_big_endian", "magic number and version the other way round", []byte("msa\x00\x00\x00\x00\x01")),
		invalid("file_byte_order_mark", "a byte order mark before the module", []byte("\xef\xbb\xbf"), plain()),
		invalid("file_newline_in_magic", "the damage that a text transfer does", []byte("\x00asm\x01\x00\x00\x00\r\n")),
		invalid("file_zeros", "16 MiB of zeros", make([]byte, 16<<20)),
		invalid("file_custom_32mib", "a custom section of 32 MiB", raw(w.Section(0, append([]byte("\x01x"), make([]byte, 32<<20)...)))),
		invalid("file_cut", "the first half of a plugin", plain()[:len(plain())/2]),
		invalid("file_cut_at_the_end", "a plugin without its last byte", plain()[:len(plain())-1]),
		invalid("file_trailing_byte", "a plugin with a byte too many", plain(), []byte{0}),
		invalid("file_twice", "two plugins in one file", plain(), plain()),
	}
}

// counts are files of a few bytes that promise 2^32-1 of something: an engine that believes them allocates gigabytes.
func counts() (all []*Attack) {
	for _, s := range []struct {
		id   byte
		name string
	}{
		{1, "types"}, {2, "imports"}, {3, "functions"}, {4, "tables"}, {5, "memories"}, {6, "globals"}, {7, "exports"},
		{9, "element_segments"}, {10, "bodies"}, {11, "data_segments"}, {12, "data_count"},
	} {
		all = append(all, invalid("count_"+s.name, fmt.Sprintf("section %d promises 2^32-1 entries", s.id), raw(sec(s.id, most))))
	}
	types := sec(1, "\x01\x60\x00\x00")
	all = append(all,
		invalid("count_parameters", "a type with 2^32-1 parameters", raw(sec(1, "\x01\x60"+most))),
		invalid("count_results", "a type with 2^32-1 results", raw(sec(1, "\x01\x60\x00"+most))),
		invalid("count_locals", "a function with 2^32-1 locals in one group: 34 GB in wazero", withBody("\x01"+most+"\x7f\x0b")),
		invalid("count_locals_overflow", "two groups of locals that add up to 0 in 32 bits", withBody("\x02\x80\x80\x80\x80\x08\x7f\x80\x80\x80\x80\x08\x7f\x0b")),
		invalid("count_local_groups", "a thousand groups of 1,000,000 locals", withBody("\xe8\x07"+strings.Repeat("\xc0\x84\x3d\x7f", 1000)+"\x0b")),
		invalid("count_local_groups_promised", "2^32-1 groups of locals", withBody(most+"\x0b")),
		invalid("count_br_table", "a br_table of 2^32-1 targets", withBody("\x00\x41\x00\x0e"+most+"\x00\x0b")),
		invalid("count_select_types", "a select of 2^32-1 types", withBody("\x00\x41\x00\x41\x00\x41\x00\x1c"+most+"\x7f\x1a\x0b")),
		invalid("count_elements", "an element segment of 2^32-1 functions", raw(types, sec(3, "\x01\x00"), sec(4, "\x01\x70\x00\x01"), sec(9, "\x01\x00\x41\x00\x0b"+most))),
		invalid("count_element_expressions", "an element segment of 2^32-1 expressions", raw(types, sec(4, "\x01\x70\x00\x01"), sec(9, "\x01\x04\x41\x00\x0b"+most))),
		invalid("count_data_bytes", "a data segment of 2^32-1 bytes", raw(sec(5, "\x01\x00\x01"), sec(11, "\x01\x00\x41\x00\x0b"+most))),
		invalid("count_name", "an import whose module has a name of 2^32-1 bytes", raw(types, sec(2, "\x01"+most))),
		invalid("count_export_name", "an export with a name of 2^32-1 bytes", raw(types, sec(7, "\x01"+most))),
		invalid("count_custom_name", "a custom section with a name of 2^32-1 bytes", raw(sec(0, most), plain()[8:])),
		invalid("count_section", "a section of 2^32-1 bytes", []byte(preamble+"\x01"+most)),
		invalid("count_body", "a function body of 2^32-1 bytes", raw(types, sec(3, "\x01\x00"), sec(10, "\x01"+most))),
	)
	return all
}

// numbers are integers in forms that the format forbids.
func numbers() []*Attack {
	padded := []byte(preamble + "\x01\x88\x80\x80\x80\x00\x81\x80\x80\x80\x00\x60\x00\x00")
	return []*Attack{
		invalid("number_u32_six_bytes", "a size in six bytes", []byte(preamble+"\x01\x84\x80\x80\x80\x80\x00\x01\x60\x00\x00")),
		invalid("number_u32_bit_33", "a size with bit 32 set", []byte(preamble+"\x01\x84\x80\x80\x80\x10\x01\x60\x00\x00")),
		invalid("number_u32_unused_bits", "a size whose unused bits are set", []byte(preamble+"\x01\x84\x80\x80\x80\x70\x01\x60\x00\x00")),
		invalid("number_u32_endless", "a size of continuation bytes", []byte(preamble+"\x01"), bytes.Repeat([]byte{0x80}, 100_000)),
		invalid("number_i32_six_bytes", "a constant in six bytes", withBody("\x00\x41\x80\x80\x80\x80\x80\x00\x1a\x0b")),
		invalid("number_i32_unused_bits", "a constant whose unused bits are not its sign", withBody("\x00\x41\x80\x80\x80\x80\x70\x1a\x0b")),
		invalid("number_i64_eleven_bytes", "a long constant in eleven bytes", withBody("\x00\x42"+strings.Repeat("\x80", 10)+"\x00\x1a\x0b")),
		invalid("number_i64_unused_bits", "a long constant whose unused bits are not its sign", withBody("\x00\x42"+strings.Repeat("\x80", 9)+"\x7e\x1a\x0b")),
		invalid("number_block_type", "a block type that is no 33-bit number", withBody("\x00\x02\x80\x80\x80\x80\x70\x0b\x0b")),
		invalid("number_opcode", "an opcode of a prefix in six bytes", withBody("\x00\x41\x00\x41\x00\x41\x00\xfc\x8b\x80\x80\x80\x80\x00\x00\x0b")),
		refused("number_padded_bare", "padded numbers, which are allowed, in a module without a handler", padded),
		called("number_padded", "sizes padded to five bytes, as linkers write them", OK, pad(plain())),
	}
}

// pad rewrites the size of every section with five bytes.
func pad(module []byte) []byte {
	out := module[:8:8]
	for rest := module[8:]; len(rest) > 0; {
		id, size, n := rest[0], 0, 1
		for shift := 0; ; shift += 7 {
			b := rest[n]
			n++
			size |= int(b&0x7f) << shift
			if b < 0x80 {
				break
			}
		}
		five := []byte{byte(size) | 0x80, byte(size>>7) | 0x80, byte(size>>14) | 0x80, byte(size>>21) | 0x80, byte(size >> 28)}
		out = join(out, []byte{id}, five, rest[n:n+size])
		rest = rest[n+size:]
	}
	return out
}
