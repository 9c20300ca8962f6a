using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Words = System.Runtime.Intrinsics.Vector512<uint>;

namespace Lineage.Agents.Codec.Kernels;

/// <summary>
/// The compression function of SHA-256 (FIPS 180-4, section 6.2.2) on sixteen messages at a time, a lane each, written out so that every
/// value stays in a register. One message at a time, the processor's SHA instructions wait for one another: four cycles a pair of rounds.
/// </summary>
static unsafe class Sha256Rounds
{
    public const int Lanes = 16, BlockBytes = 64;

    public static ReadOnlySpan<uint> Initial =>
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    static readonly uint[] Constants =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <param name="messages">Where the next block of each lane lies.</param>
    /// <param name="blocks">As many of every lane, one behind the other.</param>
    /// <param name="state">Eight words of all lanes, on a boundary of 64 bytes.</param>
    /// <param name="scratch">32 words of all lanes, on such a boundary: loads that straddle cache lines would halve the speed.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compress(byte** messages, nuint blocks, Words* state, Words* scratch)
    {
        var w = scratch;
        Words a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
        fixed (uint* constants = Constants)
            for (nuint block = 0; block < blocks; block++)
            {
                Load(messages, block * BlockBytes, w, scratch + 16);
                var k = constants;
                for (var t = 0; t < 3; t++, k += 16)
                {
                    Round(a, b, c, ref d, e, f, g, ref h, w[0], k[0]); Extend(w, 0);
                    Round(h, a, b, ref c, d, e, f, ref g, w[1], k[1]); Extend(w, 1);
                    Round(g, h, a, ref b, c, d, e, ref f, w[2], k[2]); Extend(w, 2);
                    Round(f, g, h, ref a, b, c, d, ref e, w[3], k[3]); Extend(w, 3);
                    Round(e, f, g, ref h, a, b, c, ref d, w[4], k[4]); Extend(w, 4);
                    Round(d, e, f, ref g, h, a, b, ref c, w[5], k[5]); Extend(w, 5);
                    Round(c, d, e, ref f, g, h, a, ref b, w[6], k[6]); Extend(w, 6);
                    Round(b, c, d, ref e, f, g, h, ref a, w[7], k[7]); Extend(w, 7);
                    Round(a, b, c, ref d, e, f, g, ref h, w[8], k[8]); Extend(w, 8);
                    Round(h, a, b, ref c, d, e, f, ref g, w[9], k[9]); Extend(w, 9);
                    Round(g, h, a, ref b, c, d, e, ref f, w[10], k[10]); Extend(w, 10);
                    Round(f, g, h, ref a, b, c, d, ref e, w[11], k[11]); Extend(w, 11);
                    Round(e, f, g, ref h, a, b, c, ref d, w[12], k[12]); Extend(w, 12);
                    Round(d, e, f, ref g, h, a, b, ref c, w[13], k[13]); Extend(w, 13);
                    Round(c, d, e, ref f, g, h, a, ref b, w[14], k[14]); Extend(w, 14);
                    Round(b, c, d, ref e, f, g, h, ref a, w[15], k[15]); Extend(w, 15);
                }

                Round(a, b, c, ref d, e, f, g, ref h, w[0], k[0]);
                Round(h, a, b, ref c, d, e, f, ref g, w[1], k[1]);
                Round(g, h, a, ref b, c, d, e, ref f, w[2], k[2]);
                Round(f, g, h, ref a, b, c, d, ref e, w[3], k[3]);
                Round(e, f, g, ref h, a, b, c, ref d, w[4], k[4]);
                Round(d, e, f, ref g, h, a, b, ref c, w[5], k[5]);
                Round(c, d, e, ref f, g, h, a, ref b, w[6], k[6]);
                Round(b, c, d, ref e, f, g, h, ref a, w[7], k[7]);
                Round(a, b, c, ref d, e, f, g, ref h, w[8], k[8]);
                Round(h, a, b, ref c, d, e, f, ref g, w[9], k[9]);
                Round(g, h, a, ref b, c, d, e, ref f, w[10], k[10]);
                Round(f, g, h, ref a, b, c, d, ref e, w[11], k[11]);
                Round(e, f, g, ref h, a, b, c, ref d, w[12], k[12]);
                Round(d, e, f, ref g, h, a, b, ref c, w[13], k[13]);
                Round(c, d, e, ref f, g, h, a, ref b, w[14], k[14]);
                Round(b, c, d, ref e, f, g, h, ref a, w[15], k[15]);

                a += state[0]; b += state[1]; c += state[2]; d += state[3]; e += state[4]; f += state[5]; g += state[6]; h += state[7];
                (state[0], state[1], state[2], state[3]) = (a, b, c, d);
                (state[4], state[5], state[6], state[7]) = (e, f, g, h);
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Round(Words a, Words b, Words c, ref Words d, Words e, Words f, Words g, ref Words h, Words word, uint constant)
    {
        h += Sum1(e) + Choose(e, f, g) + (word + Vector512.Create(constant));
        d += h;
        h += Sum0(a) + Majority(a, b, c);
    }

    /// <summary>Word i of the next sixteen takes the place of this one's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Extend(Words* w, int i) => w[i] += Mix0(w[(i + 1) & 15]) + w[(i + 9) & 15] + Mix1(w[(i + 14) & 15]);

    /// <summary>Sixteen words of sixteen lanes, big-endian, turned so that a vector holds one word of all lanes.</summary>
    static void Load(byte** messages, nuint offset, Words* w, Words* rows)
    {
        var bigEndian = Vector512.Create(Vector256.Create(Swap, Swap), Vector256.Create(Swap, Swap));
        for (var i = 0; i < Lanes; i++) rows[i] = Avx512BW.Shuffle(Vector512.Load(messages[i] + offset), bigEndian).AsUInt32();
        for (var i = 0; i < Lanes; i += 4)
        {
            var low01 = Avx512F.UnpackLow(rows[i], rows[i + 1]).AsUInt64();
            var high01 = Avx512F.UnpackHigh(rows[i], rows[i + 1]).AsUInt64();
            var low23 = Avx512F.UnpackLow(rows[i + 2], rows[i + 3]).AsUInt64();
            var high23 = Avx512F.UnpackHigh(rows[i + 2], rows[i + 3]).AsUInt64();
            rows[i] = Avx512F.UnpackLow(low01, low23).AsUInt32();
            rows[i + 1] = Avx512F.UnpackHigh(low01, low23).AsUInt32();
            rows[i + 2] = Avx512F.UnpackLow(high01, high23).AsUInt32();
            rows[i + 3] = Avx512F.UnpackHigh(high01, high23).AsUInt32();
        }

        for (var i = 0; i < 4; i++)
        {
            var even = Avx512F.Shuffle4x128(rows[i], rows[i + 4], 0x88);
            var odd = Avx512F.Shuffle4x128(rows[i], rows[i + 4], 0xDD);
            var evenUpper = Avx512F.Shuffle4x128(rows[i + 8], rows[i + 12], 0x88);
            var oddUpper = Avx512F.Shuffle4x128(rows[i + 8], rows[i + 12], 0xDD);
            w[i] = Avx512F.Shuffle4x128(even, evenUpper, 0x88);
            w[i + 8] = Avx512F.Shuffle4x128(even, evenUpper, 0xDD);
            w[i + 4] = Avx512F.Shuffle4x128(odd, oddUpper, 0x88);
            w[i + 12] = Avx512F.Shuffle4x128(odd, oddUpper, 0xDD);
        }
    }

    static Vector128<byte> Swap => Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Words Sum0(Words a) => Xor(Avx512F.RotateRight(a, 2), Avx512F.RotateRight(a, 13), Avx512F.RotateRight(a, 22));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Words Sum1(Words e) => Xor(Avx512F.RotateRight(e, 6), Avx512F.RotateRight(e, 11), Avx512F.RotateRight(e, 25));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Words Mix0(Words w) => Xor(Avx512F.RotateRight(w, 7), Avx512F.RotateRight(w, 18), w >>> 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Words Mix1(Words w) => Xor(Avx512F.RotateRight(w, 17), Avx512F.RotateRight(w, 19), w >>> 10);

    // The truth tables of "a xor b xor c", "e ? f : g" and "two of three".
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Words Xor(Words a, Words b, Words c) => Avx512F.TernaryLogic(a, b, c, 0x96);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Words Choose(Words e, Words f, Words g) => Avx512F.TernaryLogic(e, f, g, 0xCA);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Words Majority(Words a, Words b, Words c) => Avx512F.TernaryLogic(a, b, c, 0xE8);
}
