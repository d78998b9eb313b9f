// Causal attention for few queries: each workgroup has one query and a part of the keys.

// Keys per part. The first part contains the start of the first query's window.
const PART = 256u;
var<workgroup> query: array<vec4f, FOURS>;
var<workgroup> weights: array<f32, PART>;
var<workgroup> shared_numbers: array<f32, LANES>;
var<workgroup> gathered: array<vec4f, LANES>;

// x: parts, y: heads, z: tokens.
@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) at: vec3u, @builtin(local_invocation_index) lane: u32) {
    let position = p.start + at.z;
    let first_key = ((max(p.start + 1u, p.window) - p.window) / PART + at.x) * PART;
    let kv_head = at.y / (p.heads / p.kv_heads);
    let query_at = at.z * p.heads + at.y;
    for (var i = lane; i < FOURS; i += LANES) {
        query[i] = queries[query_at * FOURS + i] * p.scale;
    }
    workgroupBarrier();

    var largest = NOTHING;
    for (var k = lane; k < PART; k += LANES) {
        let key = first_key + k;
        var score = NOTHING;
        if key <= position && position - key < p.window {
            var four = vec4f();
            for (var i = 0u; i < FOURS; i++) {
                four += query[i] * unpack(keys[(key % p.ring * p.kv_heads + kv_head) * FOURS + i]);
            }
            score = four.x + four.y + four.z + four.w;
        }
        weights[k] = score;
        largest = max(largest, score);
    }
    shared_numbers[lane] = largest;
    for (var step = LANES / 2u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if lane < step {
            shared_numbers[lane] = max(shared_numbers[lane], shared_numbers[lane + step]);
        }
    }
    workgroupBarrier();
    largest = shared_numbers[0];
    workgroupBarrier();

    var sum = 0.0;
    for (var k = lane; k < PART; k += LANES) {
        // A part without a visible key has zero weight.
        let weight = select(exp2(weights[k] - largest), 0.0, weights[k] <= NOTHING);
        weights[k] = weight;
        sum += weight;
    }
    shared_numbers[lane] = sum;
    for (var step = LANES / 2u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if lane < step {
            shared_numbers[lane] += shared_numbers[lane + step];
        }
    }
    workgroupBarrier();

    // Invocations share the vec4s of a head; left-over invocations split the keys.
    let part = query_at * p.parts + at.x;
    let visible = min(PART, max(position + 1u, first_key) - first_key);
    for (var first = 0u; first < FOURS; first += LANES) {
        let across = min(FOURS - first, LANES);
        let shares = LANES / across;
        let four = first + lane % across;
        var values_sum = vec4f();
        if lane / across < shares {
            for (var k = lane / across; k < visible; k += shares) {
                let key = (first_key + k) % p.ring;
                values_sum += weights[k] * unpack(values[(key * p.kv_heads + kv_head) * FOURS + four]);
            }
        }
        gathered[lane] = values_sum;
        workgroupBarrier();
        if lane < across {
            for (var share = 1u; share < shares; share++) {
                values_sum += gathered[lane + share * across];
            }
            sums[part * FOURS + four] = values_sum;
        }
        workgroupBarrier();
    }
    if lane == 0u {
        totals[part] = vec2f(largest, shared_numbers[0]);
    }
}
