/*
 * Relocates the libraries that musl's loader before 1.2.4 (Debian 12 has 1.2.3) does not: it ignores DT_RELR, the compact table
 * of relative relocations, and such a library then follows pointers to the addresses of the file. This library is made a
 * dependency of those libraries, so that its constructor runs before theirs.
 *
 * The format is that of the generic ELF ABI: an even entry is the address of a word, and an odd one is a bitmap of the words
 * that follow.
 */
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define RELR 36
#define RELR_SIZE 35
#ifdef __aarch64__
#define COPY R_AARCH64_COPY
#else
#define COPY R_X86_64_COPY
#endif

/* The tables of a loaded file, as far as it has them. */
struct tables {
  const uintptr_t *relr;
  size_t relr_size;
  const ElfW(Rela) *rela;
  size_t rela_size;
  const ElfW(Sym) *symbols;
  const char *names;
  const uint32_t *hashes;
  uintptr_t base;
  uintptr_t start, end; /* of what is read-only once it is relocated */
};

static struct tables tables_of(uintptr_t base, const ElfW(Dyn) *entry) {
  struct tables found = {.base = base};
  for (; entry->d_tag; entry++) {
    void *address = (void *)(base + entry->d_un.d_ptr);
    if (entry->d_tag == RELR) found.relr = address;
    if (entry->d_tag == RELR_SIZE) found.relr_size = entry->d_un.d_val;
    if (entry->d_tag == DT_RELA) found.rela = address;
    if (entry->d_tag == DT_RELASZ) found.rela_size = entry->d_un.d_val;
    if (entry->d_tag == DT_SYMTAB) found.symbols = address;
    if (entry->d_tag == DT_STRTAB) found.names = address;
    if (entry->d_tag == DT_GNU_HASH) found.hashes = address;
  }
  return found;
}

static void protect(const struct tables *file, int access) {
  if (file->end > file->start) mprotect((void *)file->start, file->end - file->start, access);
}

static void relocate(uintptr_t base, const uintptr_t *table, size_t count) {
  uintptr_t *next = NULL;
  for (size_t i = 0; i < count; i++) {
    if ((table[i] & 1) == 0) {
      next = (uintptr_t *)(base + table[i]);
      *next++ += base;
    } else {
      for (size_t bit = 0; bit < 63; bit++)
        if (table[i] >> (bit + 1) & 1) next[bit] += base;
      next += 63;
    }
  }
}

/* The address of an object of a library, by the table of hashes that the GNU linker makes. dlsym() would need dlopen(), which
 * runs the library's constructors. */
static const void *find(const struct tables *library, const char *name) {
  uint32_t hash = 5381;
  for (const unsigned char *c = (const void *)name; *c; c++) hash = hash * 33 + *c;
  const uint32_t *header = library->hashes; /* buckets, first symbol, words of the filter, shift */
  const uint32_t *buckets = (const void *)((const uintptr_t *)(header + 4) + header[2]);
  const uint32_t *chains = buckets + header[0];
  uint32_t i = buckets[hash % header[0]];
  if (i == 0) return NULL;
  for (;; i++) {
    uint32_t chain = chains[i - header[1]];
    const ElfW(Sym) *symbol = &library->symbols[i];
    if ((chain | 1) == (hash | 1) && strcmp(library->names + symbol->st_name, name) == 0)
      return (const void *)(library->base + symbol->st_value);
    if (chain & 1) return NULL;
  }
}

/* The program has copies of some of the library's objects, which the loader made before they were relocated. */
static void copy_again(const struct tables *program, const struct tables *library) {
  protect(program, PROT_READ | PROT_WRITE);
  for (size_t i = 0; i < program->rela_size / sizeof *program->rela; i++) {
    const ElfW(Rela) *entry = &program->rela[i];
    if ((entry->r_info & 0xffffffff) != COPY) continue;
    const ElfW(Sym) *symbol = &program->symbols[entry->r_info >> 32];
    const void *original = find(library, program->names + symbol->st_name);
    if (original) memcpy((void *)(program->base + entry->r_offset), original, symbol->st_size);
  }
  protect(program, PROT_READ);
}

static int visit(struct dl_phdr_info *file, size_t size, void *data) {
  (void)size;
  struct tables *program = data;
  uintptr_t base = file->dlpi_addr;
  struct tables tables = {0};
  for (int i = 0; i < file->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &file->dlpi_phdr[i];
    if (header->p_type == PT_DYNAMIC) tables = tables_of(base, (void *)(base + header->p_vaddr));
  }
  for (int i = 0; i < file->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &file->dlpi_phdr[i];
    if (header->p_type != PT_GNU_RELRO) continue;
    tables.start = (base + header->p_vaddr) & -4096UL;
    tables.end = (base + header->p_vaddr + header->p_memsz) & -4096UL;
  }
  if (program->symbols == NULL) *program = tables; /* the program itself comes first */
  if (tables.relr == NULL) return 0;
  protect(&tables, PROT_READ | PROT_WRITE);
  relocate(base, tables.relr, tables.relr_size / sizeof *tables.relr);
  protect(&tables, PROT_READ);
  if (tables.hashes) copy_again(program, &tables);
  return 0;
}

__attribute__((constructor)) static void run(void) {
  struct tables program = {0};
  dl_iterate_phdr(visit, &program);
}
