using System.Buffers.Binary;
using System.Text.Json;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>
/// What a shard decodes to over its base: a plain reader of every mode after docs/FORMAT.md, sections 3.2 and 3.3, for objects that
/// <see cref="PlainShard"/> found whole. Slow; sharing nothing with the codec but the library that undoes zstd.
/// </summary>
sealed class PlainContent
{
    const int FooterBytes = 104, EntryBytes = 72;

    readonly byte[] bytes;
    readonly PlainContent? below;
    readonly List<Chunk> chunks = [];
    readonly List<int> firstOf = [];
    readonly long chunkElements;

    sealed record Chunk(int Tensor, byte Mode, int Ordinal, int RawBytes, int At, int StoredBytes)
    {
        public byte[]? Raw { get; set; }
    }

    /// <exception cref="InvalidDataException">The bytes are not as the format says.</exception>
    public PlainContent(byte[] bytes, PlainContent? below)
    {
        (this.bytes, this.below) = (bytes, below);
        using var identity = JsonDocument.Parse(bytes.AsMemory(16, (int)U32(12)));
        chunkElements = identity.RootElement.GetProperty("chunkElements").GetInt64();
        var index = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(bytes.Length - FooterBytes));
        var (table, count) = ((int)U32(index), (int)U32(index + 4));
        using var tensors = JsonDocument.Parse(bytes.AsMemory(index + 8, table));
        Tensors = [.. tensors.RootElement.EnumerateArray().Select(Spec)];
        var entries = index + ((8 + table + 7) / 8 * 8);
        for (var i = 0; i < count; i++)
        {
            var at = entries + (i * EntryBytes);
            var ordinal = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at + 8));
            chunks.Add(new Chunk(
                (int)U32(at), bytes[at + 4], ordinal, (int)U32(at + 16),
                (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at + 24)), (int)U32(at + 20)));
        }

        for (var tensor = 0; tensor < Tensors.Count; tensor++) firstOf.Add(chunks.FindIndex(one => one.Tensor == tensor));
    }

    public IReadOnlyList<TensorSpec> Tensors { get; }

    /// <summary>The digest that a trainer in this state has.</summary>
    public ContentHash Digest()
    {
        var tensor = -1;
        byte[] raw = [];
        return PlainState.Digest(Tensors, (which, at, into) =>
        {
            if (which != tensor) (tensor, raw) = (which, Bytes(which));
            raw.AsSpan((int)at, into.Length).CopyTo(into);
        });
    }

    /// <summary>Everything that this rank holds of a tensor.</summary>
    public byte[] Bytes(int tensor) => Range(tensor, 0, Tensors[tensor].Bytes);

    /// <summary>Raw bytes of a tensor, whatever chunks they lie in.</summary>
    byte[] Range(int tensor, long begin, long length)
    {
        var raw = new byte[length];
        var size = chunkElements * Tensors[tensor].Dtype.Bits() / 8;
        for (var done = 0L; done < length;)
        {
            var (ordinal, offset) = ((int)((begin + done) / size), (int)((begin + done) % size));
            var chunk = Raw(firstOf[tensor] + ordinal);
            var part = (int)Math.Min(chunk.Length - offset, length - done);
            if (part <= 0) throw Refused("a tensor is shorter than it says");
            chunk.AsSpan(offset, part).CopyTo(raw.AsSpan((int)done));
            done += part;
        }

        return raw;
    }

    byte[] Raw(int number)
    {
        if (number < 0 || number >= chunks.Count) throw Refused("a chunk is referred to that is not there");
        var chunk = chunks[number];
        if (chunk.Raw is { } known) return known;
        var raw = Decode(number, chunk);
        if (raw.Length != chunk.RawBytes) throw Refused($"chunk {number} decodes to {raw.Length} B instead of {chunk.RawBytes} B");
        return chunk.Raw = raw;
    }

    byte[] Decode(int number, Chunk chunk)
    {
        var stored = bytes.AsSpan(chunk.At, chunk.StoredBytes);
        var dtype = Tensors[chunk.Tensor].Dtype;
        var width = PlainNumbers.Width(dtype);
        var count = chunk.RawBytes / width;
        return chunk.Mode switch
        {
            0 => stored.ToArray(),
            1 => Below(chunk),
            2 => PlainNumbers.Packed([.. Enumerable.Repeat(PlainNumbers.Of(stored, width)[0], count)], width),
            3 => Planes(stored, dtype, count, other: null),
            4 => Planes(stored, dtype, count, PlainNumbers.Of(Below(chunk), width)),
            5 => PlainNumbers.Packed(PlainFloats.Derived(dtype, stored, PlainNumbers.Of(Raw(MasterOf(chunk)), 4)), width),
            6 => PlainNumbers.Packed(PlainFloats.Run(dtype, stored, count, other: null), width),
            7 => PlainNumbers.Packed(PlainFloats.Run(dtype, stored, count, PlainNumbers.Of(Below(chunk), width)), width),
            8 => PlainNumbers.Packed(PlainFloats.Sparse(dtype, stored, count, PlainNumbers.Of(Below(chunk), width)), width),
            9 => PlainNumbers.Packed(PlainFloats.Run(dtype, stored, count, PlainNumbers.Of(Raw(SecondOf(chunk)), width)), width),
            10 => Raw(RepeatedBy(number, stored)),
            11 => Unpacked(stored, chunk.RawBytes),
            12 => PlainNumbers.Packed(PlainFloats.Sparse(dtype, stored, count, below: null), width),
            _ => throw Refused($"chunk {number} has mode {chunk.Mode}"),
        };
    }

    /// <summary>The same elements of the same tensor of the base.</summary>
    byte[] Below(Chunk chunk)
    {
        var begin = chunk.Ordinal * (chunkElements * Tensors[chunk.Tensor].Dtype.Bits() / 8);
        return below?.Range(chunk.Tensor, begin, chunk.RawBytes) ?? throw Refused("a chunk needs a base that is not there");
    }

    static byte[] Planes(ReadOnlySpan<byte> stored, TensorDtype dtype, int count, ulong[]? other)
    {
        var (width, isFloat) = (PlainNumbers.Width(dtype), PlainNumbers.IsFloat(dtype));
        var (numbers, at) = (new ulong[count], 4 * width);
        for (var p = 0; p < width; p++)
        {
            var word = BinaryPrimitives.ReadUInt32LittleEndian(stored[(4 * p)..]);
            var part = stored.Slice(at, (int)(word & 0x7FFF_FFFF));
            var plane = word >> 31 == 1 ? Unpacked(part, count) : part.ToArray();
            if (plane.Length != count) throw Refused($"plane {p} has {plane.Length} B instead of {count} B");
            for (var i = 0; i < count; i++) numbers[i] |= (ulong)plane[i] << (8 * p);
            at += part.Length;
        }

        for (var i = 0; i < count; i++)
            numbers[i] = other is not null ? PlainNumbers.Undifference(numbers[i], other[i], 8 * width, isFloat)
                : isFloat ? PlainNumbers.Unturned(numbers[i], 8 * width) : numbers[i];
        return PlainNumbers.Packed(numbers, width);
    }

    /// <summary>Chunk of the tensor that this one is the cast of.</summary>
    int MasterOf(Chunk chunk)
    {
        var name = Tensors[chunk.Tensor].CastOf;
        var master = Tensors.Index().FirstOrDefault(
            one => string.Equals(one.Item.Name, name, StringComparison.Ordinal), (Index: -1, Item: Tensors[0]));
        return master.Index >= 0 ? firstOf[master.Index] + chunk.Ordinal : throw Refused("a cast names nothing");
    }

    /// <summary>Chunk of the second moment: of the nth first moment the nth.</summary>
    int SecondOf(Chunk chunk)
    {
        List<int> Of(TensorRole role) => [.. Tensors.Index().Where(one => one.Item.Role == role).Select(static one => one.Index)];
        var (nth, seconds) = (Of(TensorRole.ExpAvg).IndexOf(chunk.Tensor), Of(TensorRole.ExpAvgSq));
        return nth >= 0 && nth < seconds.Count ? firstOf[seconds[nth]] + chunk.Ordinal : throw Refused("there is no second moment");
    }

    int RepeatedBy(int number, ReadOnlySpan<byte> stored)
    {
        if (stored.Length != 16 || BinaryPrimitives.ReadUInt32LittleEndian(stored) is var tensor && tensor >= Tensors.Count)
            throw Refused("what is repeated is not named");
        var target = firstOf[(int)BinaryPrimitives.ReadUInt32LittleEndian(stored)]
            + (long)BinaryPrimitives.ReadUInt64LittleEndian(stored[8..]);
        return target < number && target >= 0 ? (int)target : throw Refused("what is repeated lies behind");
    }

    static byte[] Unpacked(ReadOnlySpan<byte> frames, int length)
    {
        var raw = new byte[length];
        try
        {
            using var library = new ZstdSharp.Decompressor();
            return library.Unwrap(frames, raw) == length ? raw : throw Refused($"zstd frames do not hold {length} B");
        }
        catch (ZstdSharp.ZstdException e)
        {
            throw new InvalidDataException($"zstd frames cannot be read: {e.Message}", e);
        }
    }

    static TensorSpec Spec(JsonElement tensor)
    {
        IReadOnlyList<long> Numbers(string name) => [.. tensor.GetProperty(name).EnumerateArray().Select(static one => one.GetInt64())];
        string Text(string name) => tensor.GetProperty(name).GetString() ?? throw Refused($"a tensor has no {name}");
        return new TensorSpec(
            Text("name"), Enum.Parse<TensorDtype>(Text("dtype")), Numbers("globalShape"), Numbers("offsets"), Numbers("sizes"),
            Enum.Parse<TensorRole>(Text("role").Replace("-", "", StringComparison.Ordinal), ignoreCase: true),
            tensor.GetProperty("castOf").GetString());
    }

    uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    static InvalidDataException Refused(string why) => new(why);
}
