/* Asks the tables of tracker/tables.py: one query after another, without Python's lock.
 *
 * It does what Tables._ask_in_numpy() does, and answers the same. What it saves is waiting
 * for memory: where the next buckets and rows lie is said to the processor before they are
 * needed. Every place read from a table is checked: a damaged file must not lead outside. */

#include <stdint.h>
#include <string.h>

#define AHEAD 24     /* buckets asked for before they are needed */
#define AT_ONCE 1024 /* candidates fetched together */
#define FULL 255
/* SHIFT and MADE_FROM are said by tracker/buckets.py, which refuses what it did not say. */

#if defined(__x86_64__) && defined(__gnu_linux__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("popcnt", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

/* What is not inlined is not made for each processor. */
#define ALWAYS inline __attribute__((always_inline))

enum { DAMAGED = -1, CROWDED = -2, NO_ROOM = -3 };

typedef struct {
    const uint8_t *hashes; /* rows x width */
    int64_t rows, width;   /* width in bytes, a multiple of 8 */
    const uint32_t *order;
    int64_t ordered; /* how many `order` holds */
    const void *coarse;
    int64_t wide; /* whether coarse is uint64 */
    const uint8_t *fine;
    const uint8_t *filled; /* a bit for each bucket */
    int64_t parts;
    const int64_t *first, *below, *mask, *base, *turned; /* of each part: see _Probes */
    const int64_t *until; /* of each part: where its probes end */
    const int64_t *flips; /* of each probe */
} Tables;

typedef struct {
    int64_t *begins, *ends, *probes; /* room for as many as there are probes */
} Scratch;

uint32_t buckets_made_from(void) { return MADE_FROM; }

static ALWAYS int64_t key(const Tables *t, const uint8_t *hash, int64_t part)
{
    const uint8_t *at = hash + t->first[part];
    uint32_t word = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    return (int64_t)(word >> t->below[part]) & t->mask[part];
}

static ALWAYS int64_t offset(const Tables *t, int64_t group)
{
    return t->wide ? (int64_t)((const uint64_t *)t->coarse)[group]
                   : (int64_t)((const uint32_t *)t->coarse)[group];
}

/* Where the rows of every bucket that is not empty lie: begins, ends, and which probe. Two
 * thirds are empty, and one bit each says so in a table that stays in the cache. */
static ALWAYS int64_t filled(const Tables *t, const uint8_t *query, Scratch *s)
{
    int64_t found = 0, probe = 0;
    for (int64_t part = 0; part < t->parts; part++) {
        int64_t own = key(t, query, part), base = t->base[part], until = t->until[part];
        for (; probe < until; probe++) {
            int64_t bucket = base + (own ^ t->flips[probe]);
            s->begins[found] = bucket;
            s->probes[found] = probe;
            found += t->filled[bucket >> 3] >> (bucket & 7) & 1;
        }
    }
    for (int64_t i = 0; i < found + AHEAD; i++) {
        if (i < found) {
            __builtin_prefetch(t->fine + s->begins[i]);
            __builtin_prefetch((const uint8_t *)t->coarse +
                               ((s->begins[i] >> SHIFT) << (t->wide ? 3 : 2)));
        }
        if (i < AHEAD)
            continue;
        int64_t bucket = s->begins[i - AHEAD], group = bucket >> SHIFT;
        uint8_t last = t->fine[bucket + 1];
        s->begins[i - AHEAD] = offset(t, group) + t->fine[bucket];
        s->ends[i - AHEAD] = last == FULL ? offset(t, group + 1)
                                          : offset(t, (bucket + 1) >> SHIFT) + last;
        __builtin_prefetch(t->order + s->begins[i - AHEAD]);
    }
    return found;
}

/* Whether this probe is the one that finds the row: it is in its bucket, and in no bucket of
 * a part before. */
static ALWAYS int is_first(const Tables *t, const uint8_t *row, const uint8_t *query, int64_t probe)
{
    int64_t part = 0;
    for (; probe >= t->until[part]; part++)
        if (__builtin_popcountll(key(t, row, part) ^ key(t, query, part)) <= t->turned[part])
            return 0;
    return (key(t, row, part) ^ key(t, query, part)) == t->flips[probe];
}

static ALWAYS int64_t distance(const uint8_t *row, const uint8_t *query, int64_t width)
{
    int64_t bits = 0;
    for (int64_t at = 0; at < width; at += 8) {
        uint64_t ours, theirs;
        memcpy(&ours, row + at, 8);
        memcpy(&theirs, query + at, 8);
        bits += __builtin_popcountll(ours ^ theirs);
    }
    return bits;
}

/* The rows within the radius of one query, and their distances; how many, or why none. */
static ALWAYS int64_t ask_one(const Tables *t, const uint8_t *query, int64_t radius, int64_t most,
                              Scratch *s, int64_t *rows, int32_t *distances, int64_t room)
{
    uint32_t candidates[AT_ONCE];
    int64_t of[AT_ONCE];
    int64_t buckets = filled(t, query, s), total = 0, near = 0, got = 0;
    for (int64_t i = 0; i < buckets; i++) {
        if (s->begins[i] < 0 || s->begins[i] > s->ends[i] || s->ends[i] > t->ordered)
            return DAMAGED;
        total += s->ends[i] - s->begins[i];
    }
    if (total > most)
        return CROWDED;
    for (int64_t i = 0; i < buckets; i++) {
        for (int64_t at = s->begins[i]; at < s->ends[i]; at++) {
            if (t->order[at] >= t->rows)
                return DAMAGED;
            candidates[got] = t->order[at];
            of[got++] = s->probes[i];
            __builtin_prefetch(t->hashes + (int64_t)t->order[at] * t->width);
            if (got < AT_ONCE && (i + 1 < buckets || at + 1 < s->ends[i]))
                continue;
            for (int64_t j = 0; j < got; j++) {
                const uint8_t *row = t->hashes + (int64_t)candidates[j] * t->width;
                int64_t bits = distance(row, query, t->width);
                if (bits > radius || !is_first(t, row, query, of[j]))
                    continue;
                if (near == room)
                    return NO_ROOM;
                rows[near] = candidates[j];
                distances[near++] = (int32_t)bits;
            }
            got = 0;
        }
    }
    return near;
}

/* Ask for some queries; how many were answered, or DAMAGED. Those with more candidates than
 * `most` are marked as crowded and have no rows; fewer than all are answered where there is
 * no room for the rows of the next. `found` gets the number of rows of each. */
FOR_EACH_PROCESSOR
int64_t buckets_ask(const Tables *t, const uint8_t *queries, int64_t count, int64_t radius,
                    int64_t most, int64_t *begins, int64_t *ends, int64_t *probes,
                    int64_t *found, uint8_t *crowded, int64_t *rows, int32_t *distances,
                    int64_t room)
{
    Scratch scratch = {begins, ends, probes};
    int64_t used = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t near = ask_one(t, queries + i * t->width, radius, most, &scratch, rows + used,
                               distances + used, room - used);
        if (near == DAMAGED)
            return DAMAGED;
        if (near == NO_ROOM)
            return i;
        crowded[i] = near == CROWDED;
        found[i] = near == CROWDED ? 0 : near;
        used += found[i];
    }
    return count;
}
