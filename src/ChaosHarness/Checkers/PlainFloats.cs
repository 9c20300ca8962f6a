using System.Buffers.Binary;
using Lineage.Contracts.Format;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>Runs of floats, sparse chunks and casts (docs/FORMAT.md, section 3.3), number by number.</summary>
static class PlainFloats
{
    const int HeaderBytes = 16;

    /// <param name="count">Numbers of the run.</param>
    /// <param name="other">The numbers beside them; null where there are none.</param>
    /// <exception cref="InvalidDataException">The bytes are no such run.</exception>
    public static ulong[] Run(TensorDtype dtype, ReadOnlySpan<byte> stored, int count, ulong[]? other)
    {
        var run = new Reading(dtype, stored, other);
        var low = run.Low(stored);
        var listed = run.Listed(stored);
        var symbols = PlainSymbols.Read(stored[(HeaderBytes + run.LowBytes + run.ListedBytes)..], count);
        var numbers = new ulong[count];
        var (taken, at) = (0L, 0);
        for (var i = 0; i < count; i++)
        {
            var shift = run.ShiftAt(i);
            ulong quotient = symbols[i];
            if (quotient == 255) quotient = NextListed(listed, ref at);
            numbers[i] = run.Back(run.Joined(quotient, low, taken, shift), i, numbers);
            taken += shift;
        }

        return at == listed.Length && (taken + 7) / 8 == low.Length ? numbers : throw Refused("low bits or listed values are left over");
    }

    static ulong NextListed(ReadOnlySpan<byte> listed, ref int at)
    {
        if (at + 2 > listed.Length) throw Refused("a listed value is missing");
        ulong value = BinaryPrimitives.ReadUInt16LittleEndian(listed[at..]);
        at += 2;
        if (value != ushort.MaxValue) return value;
        if (at + 4 > listed.Length) throw Refused("a listed value is missing");
        at += 4;
        return BinaryPrimitives.ReadUInt32LittleEndian(listed[(at - 4)..]);
    }

    /// <summary>Those numbers that differ from the base's, or from zero where there is none.</summary>
    public static ulong[] Sparse(TensorDtype dtype, ReadOnlySpan<byte> stored, int count, ulong[]? below)
    {
        if (stored.Length < HeaderBytes) throw Refused("a sparse chunk has no header");
        var (listed, gaps) = (BinaryPrimitives.ReadUInt32LittleEndian(stored), BinaryPrimitives.ReadUInt32LittleEndian(stored[4..]));
        var section = BinaryPrimitives.ReadUInt32LittleEndian(stored[8..]);
        if (listed > count / 2 || gaps < listed || gaps > listed + (count / 255) || HeaderBytes + (long)section > stored.Length)
            throw Refused("a sparse chunk's header is not as it should be");
        List<int> places = [];
        var place = 0;
        foreach (var gap in PlainSymbols.Read(stored.Slice(HeaderBytes, (int)section), (int)gaps))
        {
            place += gap;
            if (gap < 255) places.Add(place++);
        }

        if (places.Count != listed || places.Exists(one => one >= count)) throw Refused("gaps lead elsewhere");
        var numbers = below?.ToArray() ?? new ulong[count];
        var other = below is null ? null : places.ConvertAll(one => below[one]).ToArray();
        var run = Run(dtype, stored[(HeaderBytes + (int)section)..], places.Count, other);
        for (var i = 0; i < run.Length; i++) numbers[places[i]] = run[i];
        return numbers;
    }

    /// <summary>Casts of the numbers of a master, and what is no such cast.</summary>
    public static ulong[] Derived(TensorDtype dtype, ReadOnlySpan<byte> stored, ulong[] master)
    {
        const int exceptionBytes = 6;
        if (stored.Length < 8 || stored[0] > 1) throw Refused("a derived chunk has no header");
        var exceptions = BinaryPrimitives.ReadUInt32LittleEndian(stored[4..]);
        if (stored.Length != 8 + ((long)exceptions * exceptionBytes)) throw Refused("exceptions of another number");
        var truncates = stored[0] == 1;
        var numbers = Array.ConvertAll(master, x => truncates ? x >> 16 : dtype == TensorDtype.F16 ? ToHalf((uint)x) : ToBrain((uint)x));
        for (var at = 8; at < stored.Length; at += exceptionBytes)
        {
            var place = BinaryPrimitives.ReadUInt32LittleEndian(stored[at..]);
            if (place >= numbers.Length) throw Refused("an exception lies outside");
            numbers[place] = BinaryPrimitives.ReadUInt16LittleEndian(stored[(at + 4)..]);
        }

        return numbers;
    }

    static ulong ToBrain(uint x) => (x & 0x7FFF_FFFF) > 0x7F80_0000 ? 0x7FC0UL : ((ulong)x + 0x7FFF + (x >> 16 & 1)) >> 16 & 0xFFFF;

    /// <summary>To the nearest, halves to even, as IEEE 754 and the runtime have it; NaN as the format says.</summary>
    static ulong ToHalf(uint x) => (x & 0x7FFF_FFFF) > 0x7F80_0000
        ? x >> 16 & 0x8000 | 0x7E00 | x >> 13 & 0x1FF
        : BitConverter.HalfToUInt16Bits((Half)BitConverter.UInt32BitsToSingle(x));

    static InvalidDataException Refused(string why) => new($"a chunk of floats cannot be read: {why}");

    /// <summary>Header of a run and what follows from it.</summary>
    sealed class Reading
    {
        readonly int bits, mantissa, residual, shift;
        readonly bool byExponent;
        readonly uint top;
        readonly ulong[]? other;

        public Reading(TensorDtype dtype, ReadOnlySpan<byte> stored, ulong[]? other)
        {
            if (stored.Length < HeaderBytes) throw Refused("a run has no header");
            this.other = other;
            bits = 8 * PlainNumbers.Width(dtype);
            mantissa = dtype switch { TensorDtype.BF16 => 7, TensorDtype.F16 => 10, TensorDtype.F32 or TensorDtype.C64 => 23, _ => 0 };
            (residual, byExponent, shift) = (stored[0] & 0x7F, stored[0] >> 7 == 1, stored[1]);
            top = BinaryPrimitives.ReadUInt32LittleEndian(stored[4..]);
            (LowBytes, ListedBytes) = (Length(stored, 8), Length(stored, 12));
            var isKnown = mantissa > 0 && residual <= 4 && (!byExponent || residual == 2) && (byExponent || shift <= bits - 8)
                && (residual is not (2 or 3) || other is not null) && (residual != 4 || (bits == 32 && top >= 16));
            if (!isKnown || HeaderBytes + (long)LowBytes + ListedBytes > stored.Length)
                throw Refused("a run's header is not as it should be");
        }

        public int LowBytes { get; }

        public int ListedBytes { get; }

        public ReadOnlySpan<byte> Low(ReadOnlySpan<byte> stored) => stored.Slice(HeaderBytes, LowBytes);

        public ReadOnlySpan<byte> Listed(ReadOnlySpan<byte> stored) => stored.Slice(HeaderBytes + LowBytes, ListedBytes);

        public int ShiftAt(int i) => !byExponent ? shift
            : Math.Clamp(shift - (int)((other![i] & PlainNumbers.Mask(bits - 1)) >> mantissa), 0, bits - 8);

        public ulong Joined(ulong quotient, ReadOnlySpan<byte> low, long taken, int width)
        {
            if (taken + width > 8L * low.Length) throw Refused("low bits are missing");
            var part = 0UL;
            for (var k = 0; k < width; k++) part |= (ulong)((low[(int)((taken + k) >> 3)] >> (int)((taken + k) & 7)) & 1) << k;
            var whole = residual is 2 or 4 ? quotient : unchecked(top - quotient) & uint.MaxValue;
            return (whole << width | part) & PlainNumbers.Mask(bits);
        }

        public ulong Back(ulong z, int i, ulong[] before) => residual switch
        {
            0 => PlainNumbers.Unturned(z, bits),
            1 => z,
            2 => PlainNumbers.Undifference(z, other![i], bits, isFloat: true),
            3 => unchecked((z >> 1) + (other![i] >> 1) - (1UL << (bits - 2))) & PlainNumbers.Mask(bits - 1) | (z & 1) << (bits - 1),
            _ => unchecked(Expected(i, before) + PlainNumbers.Unzigzag(z)) & PlainNumbers.Mask(bits),
        };

        /// <summary>From the number before, the one above it and the one before that: where rows begin does not matter.</summary>
        ulong Expected(int i, ulong[] before) => i == 0 ? 0
            : i <= top ? before[i - 1]
            : unchecked(before[i - 1] + before[i - (int)top] - before[i - (int)top - 1]);

        static int Length(ReadOnlySpan<byte> stored, int at) =>
            BinaryPrimitives.ReadUInt32LittleEndian(stored[at..]) is <= int.MaxValue and var length
                ? (int)length : throw Refused("a length is not possible");
    }
}
