/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loadable test drivers have in common: a board with memory of its own that the host
 * cannot address, and queues that work on threads of their own. The functions named like slots of
 * <anput/driver.h> are those slots.
 */
#ifndef BOARD_H
#define BOARD_H

#include <anput/driver.h>
#include <pthread.h>

enum { BOARD_ALIGN_BYTES = 64 };

/* Whatever a device hands out begins with this, so that board_close can end what is left. */
typedef struct board_object_t {
    struct board_object_t *prev, *next;
    anp_drv_device_t *dev;
    void (*end)(struct board_object_t *object); /* frees what the object holds besides itself */
} board_object_t;

struct anp_drv_device_t {
    const anp_host_t *host;
    anp_drv_t *drv;
    pthread_mutex_t unit;   /* held by the queue whose call is computed: one at a time */
    pthread_mutex_t lock;   /* of all below, and of the queues' and events' own fields */
    pthread_cond_t changed; /* anything of it */
    board_object_t ring;
    uint64_t capacity_bytes, used_bytes, peak_bytes;
    anp_drv_event_t
        *spare; /* finished and released: taken again, so that a call allocates nothing */
    bool lost;  /* until the device is closed and opened again */
};

struct anp_drv_buffer_t {
    board_object_t object;
    unsigned char *data; /* on the board: seen by its queues only */
    uint64_t size_bytes;
};

typedef enum board_fault_t { BOARD_FAULT_NONE, BOARD_FAULT_HANG, BOARD_FAULT_LOST } board_fault_t;

/* Work: runs on the queue's thread; a failure is set with board_task_fail. */
typedef anp_status_t (*board_run_fn_t)(anp_drv_event_t *task);

/* A call under way and the event that tells of its end. */
struct anp_drv_event_t {
    board_object_t object;
    anp_drv_event_t *next;  /* in its queue, or spare */
    anp_drv_queue_t *queue; /* NULL when the queue is gone */
    uint32_t refs;          /* the queue's until it is done, and the caller's */
    bool done;
    anp_status_t status;
    char text[192]; /* of a failure */
    board_fault_t fault;
    board_run_fn_t run;
    anp_drv_module_t *module;
    uint32_t partition, node;
    anp_drv_arg_t *args; /* inputs, then outputs; tensor.data is the address on the board */
    uint32_t n_in, n_out, room;
};

struct anp_drv_queue_t {
    board_object_t object;
    pthread_t thread;
    anp_drv_event_t *first, *last; /* not begun */
    bool running, stop;
    anp_status_t failed; /* poisons what is enqueued, until a wait has told of it */
    char text[192];
};

/* Sets the sentence of a failure. Gives code back. */
anp_status_t board_fail(const anp_host_t *host, anp_status_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for work, told by the wait for it. */
anp_status_t board_task_fail(anp_drv_event_t *task, anp_status_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Opens a board with this much memory. */
anp_status_t board_open(const anp_host_t *host, anp_drv_t *drv, uint64_t capacity_bytes,
                        anp_drv_device_t **out_dev);
void board_close(anp_drv_device_t *dev);

/* A zeroed object of the device with room behind it; NULL when memory is out (the host has set the
 * sentence). */
void *board_object_new(anp_drv_device_t *dev, uint64_t size_bytes, uint64_t room_bytes,
                       void (*end)(board_object_t *object));
void board_object_delete(board_object_t *object);

anp_status_t board_buffer_alloc(anp_drv_device_t *dev, uint64_t size_bytes, uint64_t align_bytes,
                                anp_drv_buffer_t **out_buf);
void board_buffer_free(anp_drv_buffer_t *buf);
anp_status_t board_memory_info(anp_drv_device_t *dev, anp_drv_memory_t *out);

anp_status_t board_queue_create(anp_drv_device_t *dev, anp_drv_queue_t **out_q);
void board_queue_destroy(anp_drv_queue_t *q);
void board_queue_end(board_object_t *object); /* stops the thread also when work hangs */
anp_status_t board_queue_wait(anp_drv_queue_t *q, uint64_t timeout_ns);
anp_status_t board_buffer_write(anp_drv_queue_t *q, const anp_drv_span_t *dst, const void *src);
anp_status_t board_buffer_read(anp_drv_queue_t *q, const anp_drv_span_t *src, void *dst);
anp_status_t board_queue_copy(anp_drv_queue_t *q, const anp_drv_span_t *src,
                              const anp_drv_span_t *dst);
anp_status_t board_event_wait(anp_drv_event_t *event, uint64_t timeout_ns);
void board_event_release(anp_drv_event_t *event);
void board_event_end(board_object_t *object);

/* Enqueues `run` with the operands of `call` copied and their addresses resolved. */
anp_status_t board_submit(anp_drv_queue_t *q, board_run_fn_t run, board_fault_t fault,
                          anp_drv_module_t *module, const anp_drv_call_t *call,
                          anp_drv_event_t **out_event);

#endif
