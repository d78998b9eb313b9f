//! Four floats at a time: `v128` in WebAssembly, `__m128` on x86-64, a plain array elsewhere. All
//! CPU code except the matrix kernels uses this type.

#[cfg(target_arch = "wasm32")]
mod arch {
    use core::arch::wasm32::*;

    /// Four floats.
    #[derive(Clone, Copy)]
    pub struct F32x4(v128);

    impl F32x4 {
        #[inline(always)]
        pub fn splat(x: f32) -> Self {
            Self(f32x4_splat(x))
        }
        #[inline(always)]
        pub fn load(from: &[f32; 4]) -> Self {
            // SAFETY: `from` is 16 readable bytes; v128.load has no alignment requirement.
            Self(unsafe { v128_load(from.as_ptr().cast()) })
        }
        #[inline(always)]
        pub fn store(self, to: &mut [f32; 4]) {
            // SAFETY: `to` is 16 writable bytes; v128.store has no alignment requirement.
            unsafe { v128_store(to.as_mut_ptr().cast(), self.0) }
        }
        #[inline(always)]
        pub fn add(self, o: Self) -> Self {
            Self(f32x4_add(self.0, o.0))
        }
        #[inline(always)]
        pub fn sub(self, o: Self) -> Self {
            Self(f32x4_sub(self.0, o.0))
        }
        #[inline(always)]
        pub fn mul(self, o: Self) -> Self {
            Self(f32x4_mul(self.0, o.0))
        }
        #[inline(always)]
        pub fn div(self, o: Self) -> Self {
            Self(f32x4_div(self.0, o.0))
        }
        #[inline(always)]
        pub fn max(self, o: Self) -> Self {
            Self(f32x4_pmax(self.0, o.0))
        }
        #[inline(always)]
        pub fn min(self, o: Self) -> Self {
            Self(f32x4_pmin(self.0, o.0))
        }
        /// `self * b + c`, rounded once or twice depending on the instructions.
        #[inline(always)]
        pub fn mul_add(self, b: Self, c: Self) -> Self {
            #[cfg(target_feature = "relaxed-simd")]
            return Self(f32x4_relaxed_madd(self.0, b.0, c.0));
            #[cfg(not(target_feature = "relaxed-simd"))]
            Self(f32x4_add(f32x4_mul(self.0, b.0), c.0))
        }
        /// `2^n` for the integer `n` in -127..=127 in the low bits (`2^-127` gives zero).
        #[inline(always)]
        pub fn exp2_of_low_bits(self) -> Self {
            Self(i32x4_add(i32x4_shl(self.0, 23), i32x4_splat(127 << 23)))
        }
        /// `[c, d, a, b]` of `[a, b, c, d]`.
        #[inline(always)]
        pub fn swap_halves(self) -> Self {
            Self(i32x4_shuffle::<2, 3, 0, 1>(self.0, self.0))
        }
        /// `[b, a, d, c]` of `[a, b, c, d]`.
        #[inline(always)]
        pub fn swap_neighbours(self) -> Self {
            Self(i32x4_shuffle::<1, 0, 3, 2>(self.0, self.0))
        }
        /// The low halves of sixteen floats' bits, narrowed to 8 bits; they must fit.
        #[inline(always)]
        pub fn low_bytes([a, b, c, d]: [Self; 4]) -> [i8; 16] {
            let low = i16x8_shuffle::<0, 2, 4, 6, 8, 10, 12, 14>(a.0, b.0);
            let high = i16x8_shuffle::<0, 2, 4, 6, 8, 10, 12, 14>(c.0, d.0);
            let mut out = [0; 16];
            // SAFETY: `out` is 16 writable bytes.
            unsafe { v128_store(out.as_mut_ptr().cast(), i8x16_narrow_i16x8(low, high)) };
            out
        }
        /// Converts four integers, rounding those that a float can't hold.
        #[inline(always)]
        pub fn from_i32(from: &[i32; 4]) -> Self {
            // SAFETY: `from` is 16 readable bytes; v128.load has no alignment requirement.
            Self(f32x4_convert_i32x4(unsafe { v128_load(from.as_ptr().cast()) }))
        }
        /// Widens four half-precision numbers exactly (except infinities and NaN).
        #[inline(always)]
        pub fn from_f16(from: &[u16; 4]) -> Self {
            // SAFETY: `from` is 8 readable bytes.
            let bits = unsafe { i32x4_load_extend_i16x4(from.as_ptr().cast()) };
            // Exponent and mantissa move to their f32 places, the sign stays at the top;
            // multiplying by 2^112 corrects the exponent bias and normalizes subnormals.
            let placed = v128_and(i32x4_shl(bits, 13), i32x4_splat(0x8fff_e000_u32 as i32));
            Self(f32x4_mul(placed, f32x4_splat(super::F16_TO_F32)))
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod arch {
    use core::arch::x86_64::*;

    /// Wraps SSE and SSE2 intrinsics.
    macro_rules! sse {
        ($($body:tt)*) => {
            // SAFETY: every x86-64 processor has SSE2. Each pointer comes from a reference to as
            // many bytes as are read or written, and needs no alignment.
            unsafe { $($body)* }
        };
    }

    /// Four floats.
    #[derive(Clone, Copy)]
    pub struct F32x4(__m128);

    impl F32x4 {
        #[inline(always)]
        pub fn splat(x: f32) -> Self {
            Self(sse! { _mm_set1_ps(x) })
        }
        #[inline(always)]
        pub fn load(from: &[f32; 4]) -> Self {
            Self(sse! { _mm_loadu_ps(from.as_ptr()) })
        }
        #[inline(always)]
        pub fn store(self, to: &mut [f32; 4]) {
            sse! { _mm_storeu_ps(to.as_mut_ptr(), self.0) }
        }
        #[inline(always)]
        pub fn add(self, o: Self) -> Self {
            Self(sse! { _mm_add_ps(self.0, o.0) })
        }
        #[inline(always)]
        pub fn sub(self, o: Self) -> Self {
            Self(sse! { _mm_sub_ps(self.0, o.0) })
        }
        #[inline(always)]
        pub fn mul(self, o: Self) -> Self {
            Self(sse! { _mm_mul_ps(self.0, o.0) })
        }
        #[inline(always)]
        pub fn div(self, o: Self) -> Self {
            Self(sse! { _mm_div_ps(self.0, o.0) })
        }
        #[inline(always)]
        pub fn max(self, o: Self) -> Self {
            Self(sse! { _mm_max_ps(o.0, self.0) })
        }
        #[inline(always)]
        pub fn min(self, o: Self) -> Self {
            Self(sse! { _mm_min_ps(o.0, self.0) })
        }
        /// `self * b + c`, rounded twice: not every x86-64 processor has the fused instruction.
        #[inline(always)]
        pub fn mul_add(self, b: Self, c: Self) -> Self {
            self.mul(b).add(c)
        }
        /// `2^n` for the integer `n` in -127..=127 in the low bits (`2^-127` gives zero).
        #[inline(always)]
        pub fn exp2_of_low_bits(self) -> Self {
            Self(sse! {
                let n = _mm_slli_epi32(_mm_castps_si128(self.0), 23);
                _mm_castsi128_ps(_mm_add_epi32(n, _mm_set1_epi32(127 << 23)))
            })
        }
        /// `[c, d, a, b]` of `[a, b, c, d]`.
        #[inline(always)]
        pub fn swap_halves(self) -> Self {
            Self(sse! { _mm_shuffle_ps::<0b01_00_11_10>(self.0, self.0) })
        }
        /// `[b, a, d, c]` of `[a, b, c, d]`.
        #[inline(always)]
        pub fn swap_neighbours(self) -> Self {
            Self(sse! { _mm_shuffle_ps::<0b10_11_00_01>(self.0, self.0) })
        }
        /// The low halves of sixteen floats' bits, narrowed to 8 bits; they must fit.
        #[inline(always)]
        pub fn low_bytes([a, b, c, d]: [Self; 4]) -> [i8; 16] {
            let mut out = [0; 16];
            let (low, high) = (halves([a, b]), halves([c, d]));
            sse! { _mm_storeu_si128(out.as_mut_ptr().cast(), _mm_packs_epi16(low, high)) }
            out
        }
        /// Converts four integers, rounding those that a float can't hold.
        #[inline(always)]
        pub fn from_i32(from: &[i32; 4]) -> Self {
            Self(sse! { _mm_cvtepi32_ps(_mm_loadu_si128(from.as_ptr().cast())) })
        }
        /// Widens four half-precision numbers exactly (except infinities and NaN).
        #[inline(always)]
        pub fn from_f16(from: &[u16; 4]) -> Self {
            Self(sse! {
                let bits = _mm_loadl_epi64(from.as_ptr().cast());
                let wide = _mm_srai_epi32(_mm_unpacklo_epi16(_mm_setzero_si128(), bits), 3);
                let placed = _mm_and_si128(wide, _mm_set1_epi32(0x8fff_e000_u32 as i32));
                _mm_mul_ps(_mm_castsi128_ps(placed), _mm_set1_ps(super::F16_TO_F32))
            })
        }
    }

    /// The low halves of eight floats' bits, sign-extended by shifting up and down, so that packing
    /// preserves them.
    #[inline(always)]
    fn halves(x: [F32x4; 2]) -> __m128i {
        sse! {
            let [a, b] =
                x.map(|x| _mm_srai_epi32(_mm_slli_epi32(_mm_castps_si128(x.0), 16), 16));
            _mm_packs_epi32(a, b)
        }
    }
}

#[cfg(not(any(target_arch = "wasm32", target_arch = "x86_64")))]
mod arch {
    /// Four floats.
    #[derive(Clone, Copy)]
    #[repr(C, align(16))]
    pub struct F32x4([f32; 4]);

    impl F32x4 {
        #[inline(always)]
        fn zip(self, o: Self, f: impl Fn(f32, f32) -> f32) -> Self {
            Self(std::array::from_fn(|i| f(self.0[i], o.0[i])))
        }
        #[inline(always)]
        pub fn splat(x: f32) -> Self {
            Self([x; 4])
        }
        #[inline(always)]
        pub fn load(from: &[f32; 4]) -> Self {
            Self(*from)
        }
        #[inline(always)]
        pub fn store(self, to: &mut [f32; 4]) {
            *to = self.0;
        }
        #[inline(always)]
        pub fn add(self, o: Self) -> Self {
            self.zip(o, |a, b| a + b)
        }
        #[inline(always)]
        pub fn sub(self, o: Self) -> Self {
            self.zip(o, |a, b| a - b)
        }
        #[inline(always)]
        pub fn mul(self, o: Self) -> Self {
            self.zip(o, |a, b| a * b)
        }
        #[inline(always)]
        pub fn div(self, o: Self) -> Self {
            self.zip(o, |a, b| a / b)
        }
        #[inline(always)]
        pub fn max(self, o: Self) -> Self {
            self.zip(o, |a, b| if a < b { b } else { a })
        }
        #[inline(always)]
        pub fn min(self, o: Self) -> Self {
            self.zip(o, |a, b| if b < a { b } else { a })
        }
        /// `self * b + c`, rounded twice: without the instruction, fused is a slow call.
        #[inline(always)]
        pub fn mul_add(self, b: Self, c: Self) -> Self {
            self.mul(b).add(c)
        }
        /// `2^n` for the integer `n` in -127..=127 in the low bits (`2^-127` gives zero).
        #[inline(always)]
        pub fn exp2_of_low_bits(self) -> Self {
            Self(self.0.map(|n| f32::from_bits((n.to_bits() << 23).wrapping_add(127 << 23))))
        }
        /// `[c, d, a, b]` of `[a, b, c, d]`.
        #[inline(always)]
        pub fn swap_halves(self) -> Self {
            Self(std::array::from_fn(|i| self.0[i ^ 2]))
        }
        /// `[b, a, d, c]` of `[a, b, c, d]`.
        #[inline(always)]
        pub fn swap_neighbours(self) -> Self {
            Self(std::array::from_fn(|i| self.0[i ^ 1]))
        }
        /// The low halves of sixteen floats' bits, narrowed to 8 bits; they must fit.
        #[inline(always)]
        pub fn low_bytes(x: [Self; 4]) -> [i8; 16] {
            std::array::from_fn(|i| x[i / 4].0[i % 4].to_bits() as i8)
        }
        /// Converts four integers, rounding those that a float can't hold.
        #[inline(always)]
        pub fn from_i32(from: &[i32; 4]) -> Self {
            Self(from.map(|x| x as f32))
        }
        /// Widens four half-precision numbers exactly (except infinities and NaN).
        #[inline(always)]
        pub fn from_f16(from: &[u16; 4]) -> Self {
            Self(from.map(|bits| {
                let placed = ((i32::from(bits as i16) << 13) as u32) & 0x8fff_e000;
                f32::from_bits(placed) * super::F16_TO_F32
            }))
        }
    }
}

pub use arch::F32x4;

/// `2^112`: corrects the difference of the exponent biases of f16 and f32.
const F16_TO_F32: f32 = 5.192_297e33;

/// `1.5 * 2^23`: added to a float below 2^22 in magnitude, it leaves the nearest integer (ties to
/// even) in the low bits. Rounding conversion instructions are slower, or saturate in several
/// steps.
pub const ROUND: f32 = 12_582_912.0;

/// Rounds numbers in the 8-bit range to the nearest integers.
#[inline(always)]
pub fn round_to_i8(x: [F32x4; 4]) -> [i8; 16] {
    F32x4::low_bytes(x.map(|x| x.add(F32x4::splat(ROUND))))
}

/// Rounds a number in the 8-bit range to the nearest integer.
#[inline(always)]
pub fn nearest(x: f32) -> i8 {
    (x + ROUND).to_bits() as i8
}

/// The factor that maps `largest` to `steps`; zero if `largest` is zero.
#[inline(always)]
pub fn inverse(steps: f32, largest: f32) -> f32 {
    if largest > 0.0 { steps / largest } else { 0.0 }
}

/// The largest magnitude; the length of `x` is a multiple of 4.
#[inline(always)]
pub fn largest_magnitude(x: &[f32]) -> f32 {
    let zero = F32x4::splat(0.0);
    let largest = x.as_chunks::<4>().0.iter().fold(zero, |largest, x| {
        let x = F32x4::load(x);
        largest.max(x).max(zero.sub(x))
    });
    largest.largest().to_array()[0]
}

impl F32x4 {
    /// The four numbers.
    #[inline(always)]
    pub fn to_array(self) -> [f32; 4] {
        let mut out = [0.0; 4];
        self.store(&mut out);
        out
    }

    /// The sum of the four numbers.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let pairs = self.add(self.swap_neighbours());
        pairs.add(pairs.swap_halves()).to_array()[0]
    }

    /// The largest of the four numbers, in all lanes.
    #[inline(always)]
    pub fn largest(self) -> Self {
        let pairs = self.max(self.swap_neighbours());
        pairs.max(pairs.swap_halves())
    }
}

/// Widens half-precision numbers; `to` is as long as `from`, a multiple of 4.
#[inline(always)]
pub fn widen_f16(from: &[u16], to: &mut [f32]) {
    for (f, t) in from.as_chunks::<4>().0.iter().zip(to.as_chunks_mut::<4>().0) {
        F32x4::from_f16(f).store(t);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::f16;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn sums_and_maxima_are_of_all_four() {
        for i in 0..4 {
            let mut x = [1.0, 2.0, 4.0, 8.0];
            x[i] += 100.0;
            assert_eq!(F32x4::load(&x).sum(), 115.0);
            assert_eq!(F32x4::load(&x).largest().to_array(), [x[i]; 4]);
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn half_precision_is_widened_exactly() {
        for bits in 0..=u16::MAX {
            let want = f16::from_bits(bits).to_f32();
            if want.is_finite() {
                let got = F32x4::from_f16(&[bits; 4]).to_array()[1];
                assert_eq!(got.to_bits(), want.to_bits());
            }
        }
    }
}
