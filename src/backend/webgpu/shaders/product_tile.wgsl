// Shared by products of many rows: a workgroup has a tile of 64 rows by 64 outputs, an invocation 8
// by 8 of it.
//
// Chromium's compiler zeroes an array declared in a loop in the first round only, because it uses
// zeros as the initial value. So declare it before the loop, and zero it inside.

// Rows, and outputs, of a tile in vec4s.
const FOURS = 16u;

// Writes an invocation's part of a tile: [row][four outputs].
fn store(tile: vec3u, across: u32, down: u32, sums: ptr<function, array<vec4f, 16>>) {
    let output = tile.x * 64u + across * 8u;
    for (var i = 0u; i < 8u; i++) {
        let row = tile.y * 64u + down * 8u + i;
        if row < p.rows {
            for (var j = 0u; j < 8u; j++) {
                if output + j < p.outputs {
                    out[row * p.width + p.first + output + j] = sums[2u * i + j / 4u][j % 4u];
                }
            }
        }
    }
}
