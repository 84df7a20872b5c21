/* SPDX-License-Identifier: Apache-2.0 */
/* Files: read-only maps, atomic writes (written beside, then renamed), safe joining of paths from
 * models. */
#ifndef ANP_BASE_FILE_H
#define ANP_BASE_FILE_H

#include "base/alloc.h"

/* A mapped file; immutable, any thread. Reference counted since tensors keep it alive. */
typedef struct anp_file_t anp_file_t;
/* Errors: ANP_NOT_FOUND, ANP_IO (a directory, no permission ...), ANP_INVALID_FILE (empty). The
 * sentence names path and cause. */
anp_status_t anp_file_map(const char *path, anp_file_t **out_file);
void anp_file_retain(anp_file_t *f);
void anp_file_release(anp_file_t *f); /* takes NULL */
const uint8_t *anp_file_data(const anp_file_t *f);
uint64_t anp_file_size(const anp_file_t *f);
const char *anp_file_path(const anp_file_t *f);
/* Hints that a range will not be needed again: its pages may be dropped (big models under small
 * memory). */
void anp_file_done(const anp_file_t *f, uint64_t offset, uint64_t n_bytes);

/* Whole small file into memory, at most max_bytes (ANP_LIMIT beyond). Caller frees with anp_free;
 * NUL added after the end. */
anp_status_t anp_file_read(const char *path, uint64_t max_bytes, char **out_data,
                           uint64_t *out_len);

/* Writing: "path.tmp.PID.N" beside the target, fsync, rename on commit. Abort (or release without
 * commit) removes it and leaves the old file. */
typedef struct anp_file_writer_t anp_file_writer_t;
anp_status_t anp_file_writer_open(const char *path, anp_file_writer_t **out_w);
anp_status_t anp_file_writer_write(anp_file_writer_t *w, const void *data, uint64_t n_bytes);
/* Zero bytes up to a multiple of align. */
anp_status_t anp_file_writer_pad(anp_file_writer_t *w, uint64_t align);
uint64_t anp_file_writer_tell(const anp_file_writer_t *w);
/* Overwrites bytes already written (headers filled in last). */
anp_status_t anp_file_writer_patch(anp_file_writer_t *w, uint64_t offset, const void *data,
                                   uint64_t n_bytes);
anp_status_t anp_file_writer_commit(anp_file_writer_t *w);
void anp_file_writer_release(anp_file_writer_t *w); /* takes NULL; aborts when not committed */
anp_status_t anp_file_write_all(const char *path, const void *data, uint64_t n_bytes);

/* Joins `rel`, a path out of a model file, to folder `dir`: refuses absolute paths, "..", empty
 * names, NUL, and (unless follow_links) symbolic links in any component. *out is freed with
 * anp_free. ANP_INVALID_MODEL names rel. With follow_links the end of the links must lie beneath
 * dir too. This is the state of the moment: it protects from the model, not from somebody who may
 * write into dir. */
anp_status_t anp_path_join_beneath(const char *dir, const char *rel, size_t rel_len,
                                   bool follow_links, char **out);
/* Folder part of a path ("." when none) / last component. *out freed with anp_free. */
anp_status_t anp_path_dir(const char *path, char **out);
const char *anp_path_base(const char *path);
/* Makes folder and parents (mkdir -p). */
anp_status_t anp_path_make_dir(const char *path);
typedef enum anp_path_kind_t {
    ANP_PATH_NONE = 0,
    ANP_PATH_FILE = 1,
    ANP_PATH_FOLDER = 2,
    ANP_PATH_OTHER = 3, /* a device, a pipe */
} anp_path_kind_t;
/* What is at path, links followed. */
anp_path_kind_t anp_path_kind(const char *path);
/* Sorted names (without . and ..) of a folder; each and the array freed with anp_free. */
anp_status_t anp_path_list(const char *dir, char ***out_names, uint64_t *out_n);

#endif
