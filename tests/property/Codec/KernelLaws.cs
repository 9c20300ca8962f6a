using System.Security.Cryptography;
using Lineage.Agents.Codec;
using Lineage.Agents.Codec.Kernels;
using Lineage.Tests.Property.House;

namespace Lineage.Tests.Property.Codec;

/// <summary>The parts of the codec, each against its plain meaning.</summary>
[Trait(Soak.Trait, Soak.Name)]
public sealed class KernelLaws
{
    static readonly LaneWidth[] Widths = [.. Enum.GetValues<LaneWidth>().Where(LaneWidths.IsSupported)];

    [Law]
    public void Digests_taken_side_by_side_are_those_of_the_base_library(int seed)
    {
        var random = new Random(seed);
        var bytes = new byte[9_000];
        random.NextBytes(bytes);
        var alike = random.Next(200, 500);
        var pieces = new StoredPiece[random.Next(0, 40)];
        for (var i = 0; i < pieces.Length; i++)
        {
            // Of like size, so that lanes are worth their while; around the borders of blocks; sometimes empty.
            var whole = alike / 64 * 64;
            var length = random.Next(4) switch { 0 => whole, 1 => whole + 55 + random.Next(3), _ => alike + random.Next(70) };
            pieces[i] = new StoredPiece(random.Next(bytes.Length - length), random.Next(30) == 0 ? 0 : length);
        }

        foreach (var width in Widths)
        {
            using var lanes = new Sha256Lanes(width);
            var digests = new byte[32 * pieces.Length];
            lanes.Hash(bytes, pieces, digests);
            for (var i = 0; i < pieces.Length; i++)
                Assert.Equal(
                    Convert.ToHexString(SHA256.HashData(bytes.AsSpan(pieces[i].Offset, pieces[i].Length))),
                    Convert.ToHexString(digests.AsSpan(32 * i, 32)));
        }
    }

    [Law]
    public void Symbols_of_any_histogram_come_back(int seed)
    {
        var random = new Random(seed);
        var symbols = new byte[random.Next(5) == 0 ? random.Next(2_000, 9_000) : random.Next(0, 300)];
        var (kind, alphabet) = (random.Next(5), random.Next(1, 257));
        for (var i = 0; i < symbols.Length; i++)
            symbols[i] = (byte)(kind switch
            {
                0 => random.Next(alphabet),
                1 => Math.Min(255, (int)(-Math.Log(1 - random.NextDouble()) * alphabet / 4)),
                2 => random.Next(100) == 0 ? random.Next(alphabet) : 7,
                3 => Math.Min(255, System.Numerics.BitOperations.TrailingZeroCount(random.Next() | (1 << 30))),   // lengths past the limit
                _ => alphabet - 1,
            });
        var section = new SymbolSection();
        var buffer = new byte[SymbolSection.Bound(symbols.Length)];
        var stored = buffer[..section.Encode(symbols, buffer)];
        Assert.True(stored.Length <= 1 + symbols.Length);
        var back = new byte[symbols.Length];
        Assert.Null(section.Decode(stored, back));
        Assert.Equal(symbols, back);
        if (stored.Length > 2) Assert.NotNull(section.Decode(stored.AsSpan(0, stored.Length - 1), back));
    }

    [Law]
    public void Hostile_symbol_sections_are_an_objection_or_some_symbols_never_a_crash(int seed)
    {
        var random = new Random(seed);
        var symbols = new byte[random.Next(1, 600)];
        for (var i = 0; i < symbols.Length; i++) symbols[i] = (byte)(random.NextDouble() * random.NextDouble() * 60);
        var section = new SymbolSection();
        var buffer = new byte[SymbolSection.Bound(symbols.Length)];
        var hostile = buffer[..section.Encode(symbols, buffer)];
        for (var edits = random.Next(1, 6); edits > 0; edits--) hostile[random.Next(hostile.Length)] = (byte)random.Next(256);
        _ = section.Decode(hostile.AsSpan(0, random.Next(hostile.Length + 1)), new byte[random.Next(700)]);
    }

    [Law]
    public void Low_bits_come_back_whatever_their_widths_and_wherever_they_begin(int seed)
    {
        var random = new Random(seed);
        var numbers = new uint[random.Next(0, 90)];
        var masks = new uint[numbers.Length];
        var alike = random.Next(2) == 0 ? random.Next(LowBits.BitsMax + 1) : -1;
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (uint)random.NextInt64(1L << 32);
            masks[i] = (1U << (alike < 0 ? random.Next(LowBits.BitsMax + 1) : alike)) - 1;
        }

        byte[]? expected = null;
        foreach (var width in Widths)
        {
            var packed = new byte[(numbers.Length * 3) + LowBits.Slack + 8];
            var half = numbers.Length / 2;
            var middle = LowBits.Pack(numbers.AsSpan(0, half), masks.AsSpan(0, half), packed, 0, width);
            var end = LowBits.Pack(numbers.AsSpan(half), masks.AsSpan(half), packed, middle, width);
            var bytes = packed[..(int)((end + 7) / 8)];
            Assert.Equal(expected ??= bytes, bytes);
            var back = new uint[numbers.Length];
            Assert.Equal(end, LowBits.Unpack(bytes, 0, masks, back, width));
            Assert.Equal(numbers.Zip(masks, static (n, m) => n & m), back);
            if (alike < 0) continue;
            Array.Clear(packed);
            middle = LowBits.PackAlike(numbers.AsSpan(0, half), alike, packed, 0, width);
            Assert.Equal(end, LowBits.PackAlike(numbers.AsSpan(half), alike, packed, middle, width));
            Assert.Equal(expected, packed[..bytes.Length]);
            Assert.Equal(end, LowBits.UnpackAlike(bytes, 0, alike, back, width));
            Assert.Equal(numbers.Zip(masks, static (n, m) => n & m), back);
        }
    }

    [Law]
    public void What_changed_is_found_by_every_width(int seed)
    {
        var random = new Random(seed);
        var width = random.Next(2) == 0 ? 2 : 4;
        var raw = new byte[width * random.Next(1, 300)];
        random.NextBytes(raw);
        var below = raw.ToArray();
        for (var changes = random.Next(20); changes > 0; changes--) below[random.Next(below.Length)] ^= (byte)(1 << random.Next(8));
        var expected = Enumerable.Range(0, raw.Length / width)
            .Where(i => !raw.AsSpan(i * width, width).SequenceEqual(below.AsSpan(i * width, width))).ToArray();
        foreach (var lanes in Widths)
        {
            var positions = new int[raw.Length / width];
            Assert.Equal(expected.Length, Changed.Find(width, raw, below, positions, lanes));
            Assert.Equal(expected, positions[..expected.Length]);
            if (expected.Length > 0) Assert.Equal(-1, Changed.Find(width, raw, below, positions.AsSpan(0, expected.Length - 1), lanes));
        }
    }

    [Fact]
    public void Casts_to_bf16_are_those_of_PyTorch_at_every_border()
    {
        (uint From, ushort Nearest)[] cases =
        [
            (0x3F80_0000, 0x3F80), (0x3F80_7FFF, 0x3F80), (0x3F80_8000, 0x3F80), (0x3F80_8001, 0x3F81), (0x3F81_8000, 0x3F82),
            (0x7F7F_FFFF, 0x7F80), (0x7F80_0000, 0x7F80), (0xFF80_0000, 0xFF80), (0x7F80_0001, 0x7FC0), (0xFFFF_FFFF, 0x7FC0),
            (0x8000_0000, 0x8000), (0x0000_0001, 0x0000), (0x8000_8001, 0x8001),
        ];
        var master = cases.SelectMany(static c => BitConverter.GetBytes(c.From)).ToArray();
        foreach (var lanes in Widths)
        {
            var halves = new byte[2 * cases.Length];
            CastCheck.Cast(CastKind.Nearest, new ElementKind(2, Float: true, 7), master, halves, lanes);
            Assert.Equal(cases.SelectMany(static c => BitConverter.GetBytes(c.Nearest)).ToArray(), halves);
            CastCheck.Cast(CastKind.UpperHalf, new ElementKind(2, Float: true, 7), master, halves, lanes);
            Assert.Equal(cases.SelectMany(static c => BitConverter.GetBytes((ushort)(c.From >> 16))).ToArray(), halves);
        }
    }
}
