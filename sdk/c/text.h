// text.h: short texts for answers and errors, in memory of the plugin's own. It is optional and needs nothing else.
//
//     static char room[256];
//     bulkhead_text t = {.bytes = room, .room = sizeof room};
//     bulkhead_add(&t, "value ");
//     bulkhead_add_number(&t, 5);
//     return bulkhead_fail_with(t.bytes, t.length);
//
// What does not fit is cut off, between characters.
#ifndef BULKHEAD_TEXT_H
#define BULKHEAD_TEXT_H

#include <stdint.h>

typedef struct {
  char *bytes;
  uint32_t room, length;
  int full; // something did not fit, and nothing more is added
} bulkhead_text;

#define BULKHEAD_TEXT __attribute__((unused)) static

// bulkhead_add_piece adds all of n bytes, or nothing and then nothing ever more.
BULKHEAD_TEXT void bulkhead_add_piece(bulkhead_text *t, const char *piece, uint32_t n) {
  t->full |= n > t->room - t->length;
  if (t->full) return;
  for (uint32_t i = 0; i < n; i++) t->bytes[t->length++] = piece[i];
}

// bulkhead_add adds a text in UTF-8 that ends in a zero byte.
BULKHEAD_TEXT void bulkhead_add(bulkhead_text *t, const char *text) {
  while (*text) {
    uint32_t n = 1;
    while (((uint8_t)text[n] & 0xc0) == 0x80) n++; // the rest of the character
    bulkhead_add_piece(t, text, n);
    text += n;
  }
}

// bulkhead_add_number adds a number in decimal.
BULKHEAD_TEXT void bulkhead_add_number(bulkhead_text *t, uint32_t v) {
  char digits[10];
  uint32_t n = 0;
  do digits[sizeof digits - ++n] = (char)('0' + v % 10);
  while (v /= 10);
  bulkhead_add_piece(t, digits + sizeof digits - n, n);
}

// bulkhead_add_json adds n bytes of UTF-8 as a JSON string with its quotes. Cut off, it lacks the last quote and is no JSON: look whether
// bulkhead_full before you answer with it.
BULKHEAD_TEXT void bulkhead_add_json(bulkhead_text *t, const char *text, uint32_t n) {
  bulkhead_add_piece(t, "\"", 1);
  for (uint32_t i = 0; i < n;) {
    uint8_t c = (uint8_t)text[i];
    const char *hex = "0123456789abcdef";
    const char escape[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    const char quoted[] = {'\\', (char)c};
    uint32_t length = 1;
    if (c < 0x20)
      bulkhead_add_piece(t, escape, sizeof escape);
    else if (c == '"' || c == '\\')
      bulkhead_add_piece(t, quoted, sizeof quoted);
    else {
      while (i + length < n && ((uint8_t)text[i + length] & 0xc0) == 0x80) length++;
      bulkhead_add_piece(t, text + i, length);
    }
    i += length;
  }
  bulkhead_add_piece(t, "\"", 1);
}

// bulkhead_full says whether something was cut off.
BULKHEAD_TEXT int bulkhead_full(const bulkhead_text *t) { return t->full; }

#endif
