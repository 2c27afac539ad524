// The same as a native program: requests on standard input, each after its length in 32 bits, answers on standard output
// likewise.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"

typedef struct {
  uint32_t kernel, size[SIZES], misplacement, last, bytes[ARRAYS];
} header;

int main(void) {
  uint32_t length;
  while (fread(&length, 4, 1, stdin) == 1) {
    char *request = malloc(length), *in = request + sizeof(header);
    if (!request || fread(request, 1, length, stdin) != length) return 1;
    header h;
    memcpy(&h, request, sizeof h);
    call c = {.kernel = h.kernel};
    memcpy(c.size, h.size, sizeof c.size);
    for (int i = 0; i < ARRAYS; i++)
      if (h.bytes[i] != 0xffffffff) {
        c.array[i] = malloc(h.bytes[i] + 1);
        memcpy(c.array[i], in, h.bytes[i]), in += h.bytes[i];
      }
    if (!run(&c)) return 1;
    uint32_t answer = in - request - sizeof(header);
    fwrite(&answer, 4, 1, stdout);
    for (int i = 0; i < ARRAYS; i++)
      if (c.array[i]) fwrite(c.array[i], 1, h.bytes[i], stdout), free(c.array[i]);
    fflush(stdout);
    free(request);
  }
}
