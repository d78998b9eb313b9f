// Causal attention for many queries with an online softmax over tiles of `KEYS` keys (Milakov and
// Gimelshein, arXiv:1805.02867; Dao et al., arXiv:2205.14135). Each invocation has a query of one
// head. Heads that share keys are adjacent, so that a workgroup reads a tile once for all of them.
// A part is a run of tiles; there are several if the queries are too few for a large GPU.

var<workgroup> key_tile: array<vec4f, KEYS * FOURS>;
var<workgroup> value_tile: array<vec4f, KEYS * FOURS>;

// x: queries in workgroups, y: key heads, z: parts.
@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) at: vec3u, @builtin(local_invocation_index) lane: u32) {
    let group = p.heads / p.kv_heads;
    let queries_in_all = p.tokens * group;
    let first = at.x * LANES;
    // Invocations past the last query repeat it; the result is not stored.
    let index = min(first + lane, queries_in_all - 1u);
    let position = p.start + index / group;
    let head = at.y * group + index % group;
    let query_at = index / group * p.heads + head;

    var query: array<vec4f, FOURS>;
    var gathered: array<vec4f, FOURS>;
    for (var i = 0u; i < FOURS; i++) {
        query[i] = queries[query_at * FOURS + i] * p.scale;
    }
    var largest = NOTHING;
    var sum = 0.0;

    let first_position = p.start + first / group;
    let end = p.start + (min(first + LANES, queries_in_all) + group - 1u) / group;
    let begin = max(first_position + 1u, p.window) - p.window;
    let tiles = (end + KEYS - 1u) / KEYS - begin / KEYS;
    let each = (tiles + p.parts - 1u) / p.parts;
    let first_tile = begin / KEYS + at.z * each;
    let end_tile = min(first_tile + each, begin / KEYS + tiles);
    for (var tile = first_tile; tile < end_tile; tile++) {
        workgroupBarrier();
        for (var i = lane; i < KEYS * FOURS; i += LANES) {
            let key = min(tile * KEYS + i / FOURS, end - 1u);
            let here = (key % p.ring * p.kv_heads + at.y) * FOURS + i % FOURS;
            key_tile[i] = unpack(keys[here]);
            value_tile[i] = unpack(values[here]);
        }
        workgroupBarrier();
        var scores: array<f32, KEYS>;
        var top = largest;
        for (var k = 0u; k < KEYS; k++) {
            var four = vec4f();
            for (var i = 0u; i < FOURS; i++) {
                four += query[i] * key_tile[k * FOURS + i];
            }
            let key = tile * KEYS + k;
            let score = four.x + four.y + four.z + four.w;
            scores[k] = select(NOTHING, score, key <= position && position - key < p.window);
            top = max(top, scores[k]);
        }
        let before = exp2(largest - top);
        largest = top;
        sum *= before;
        for (var i = 0u; i < FOURS; i++) {
            gathered[i] *= before;
        }
        for (var k = 0u; k < KEYS; k++) {
            let weight = exp2(scores[k] - top);
            sum += weight;
            for (var i = 0u; i < FOURS; i++) {
                gathered[i] += weight * value_tile[k * FOURS + i];
            }
        }
    }
    if first + lane < queries_in_all {
        let part = query_at * p.parts + at.z;
        for (var i = 0u; i < FOURS; i++) {
            sums[part * FOURS + i] = gathered[i];
        }
        totals[part] = vec2f(largest, sum);
    }
}
