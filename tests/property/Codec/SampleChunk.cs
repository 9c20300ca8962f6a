using System.Runtime.InteropServices;
using Lineage.Agents.Codec;
using Lineage.Contracts.Format;
using Lineage.Tests.Property.Shards;

namespace Lineage.Tests.Property.Codec;

/// <summary>A chunk with what may stand beside it, of every type: hostile numbers, drifted, sparse, constant, cast, paired, in
/// rows.</summary>
sealed record SampleChunk(TensorDtype Dtype, byte[] Raw, byte[] Base, byte[] Source, ChunkSource SourceIs)
{
    static readonly TensorDtype[] Dtypes = Enum.GetValues<TensorDtype>();

    public int Row { get; init; }

    public ElementKind Kind => ElementKind.Of(Dtype);

    public ChunkInput Input(bool forDecoding = false) =>
        new()
        {
            Kind = Kind,
            Raw = Raw,
            Base = forDecoding ? Base.ToArray() : Base,
            Source = Source,
            SourceIs = SourceIs,
            RowElements = Row,
        };

    public static SampleChunk Draw(int seed)
    {
        var random = new Random(seed);
        // Most of a chunk's numbers are floats of the trainer, so most of the cases are.
        var dtype = random.Next(3) == 0 ? Dtypes[random.Next(Dtypes.Length)]
            : new[] { TensorDtype.F32, TensorDtype.BF16, TensorDtype.F16 }[random.Next(3)];
        var elements = (random.Next(6) switch { 0 => random.Next(1, 9), 1 => random.Next(600, 3_100), _ => random.Next(1, 140) })
            * (dtype.Bits() < 8 ? 4 : 1);
        var spec = new TensorSpec("t", dtype, [elements], [0], [elements], TensorRole.Weight);
        var raw = random.Next(3) == 0 ? Weights(random, spec) : SmallStates.Fresh(random, spec);
        var below = random.Next(3) == 0 ? [] : Below(random, raw, spec);
        return random.Next(3) switch
        {
            0 when dtype is TensorDtype.BF16 or TensorDtype.F16 => Cast(random, dtype, elements, below),
            1 when ElementKind.Of(dtype).IsCodedAsFloat =>
                new SampleChunk(dtype, raw, below, Weights(random, spec, positive: random.Next(4) > 0), ChunkSource.SecondMoment),
            _ => Rows(random, spec, raw, below),
        };
    }

    public override string ToString() => $"{Dtype}, {Raw.Length} bytes, base {Base.Length}, {SourceIs} {Source.Length}";

    static SampleChunk Cast(Random random, TensorDtype dtype, int elements, byte[] below)
    {
        var spec = new TensorSpec("t", TensorDtype.F32, [elements], [0], [elements], TensorRole.Master);
        var master = random.Next(2) == 0 ? Weights(random, spec) : SmallStates.Fresh(random, spec);
        var halves = new byte[elements * 2];
        for (var i = 0; i < elements; i++)
        {
            var bits = BitConverter.ToUInt32(master, 4 * i);
            var half = dtype == TensorDtype.F16 ? BitConverter.HalfToUInt16Bits((Half)BitConverter.UInt32BitsToSingle(bits))
                : random.Next(50) == 0 ? (ushort)random.Next(65_536)
                : (ushort)(bits >> 16);
            BitConverter.TryWriteBytes(halves.AsSpan(2 * i), half);
        }

        return new SampleChunk(dtype, halves, below, master, ChunkSource.Master);
    }

    /// <summary>Sometimes a second moment: the product of a row's and a column's factor, and a little noise.</summary>
    static SampleChunk Rows(Random random, TensorSpec spec, byte[] raw, byte[] below)
    {
        var row = random.Next(RowsFrom, 50);
        if (spec.Dtype != TensorDtype.F32 || random.Next(3) > 0)
            return new SampleChunk(spec.Dtype, raw, below, [], ChunkSource.None) { Row = row };
        for (var i = 0; i < raw.Length / 4; i++)
        {
            var factor = Math.Exp(Math.Sin(i / row) * 3) * Math.Exp(Math.Cos(i % row) * 3) * (1 + (0.01 * random.NextDouble()));
            BitConverter.TryWriteBytes(raw.AsSpan(4 * i), (float)(1e-6 * factor));
        }

        return new SampleChunk(spec.Dtype, raw, below, [], ChunkSource.None) { Row = row };
    }

    const int RowsFrom = 14;

    /// <summary>Ordinary numbers of the type.</summary>
    static byte[] Weights(Random random, TensorSpec spec, bool positive = false)
    {
        var bytes = new byte[spec.Bytes];
        var width = ElementKind.Of(spec.Dtype).Width;
        Span<byte> four = stackalloc byte[8];
        for (var i = 0; i + width <= bytes.Length; i += width)
        {
            var value = (float)((random.NextDouble() + random.NextDouble() - (positive ? 0 : 1)) * Math.Pow(2, random.Next(-9, 2)));
            four.Clear();
            switch (spec.Dtype)
            {
                case TensorDtype.F16: MemoryMarshal.Write(four, (Half)value); break;
                case TensorDtype.BF16: MemoryMarshal.Write(four, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)); break;
                case TensorDtype.F64: MemoryMarshal.Write(four, (double)value); break;
                default: MemoryMarshal.Write(four, value); break;
            }

            four[..width].CopyTo(bytes.AsSpan(i));
        }

        return bytes;
    }

    /// <summary>The same, a few numbers changed, every number a little, or something else altogether.</summary>
    static byte[] Below(Random random, byte[] raw, TensorSpec spec)
    {
        var below = raw.ToArray();
        var width = ElementKind.Of(spec.Dtype).Width;
        var kind = random.Next(5);
        if (kind == 4) return SmallStates.Drifted(random, raw, spec);
        var rarity = new[] { 1, 1, 20, 60 }[kind];
        for (var i = 0; i + width <= below.Length; i += width)
            if (random.Next(rarity) == 0) below[i] = unchecked((byte)(below[i] + random.Next(-9, 10)));
        return below;
    }
}
