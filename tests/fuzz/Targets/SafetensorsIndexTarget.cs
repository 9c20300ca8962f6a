using System.Buffers.Binary;
using Lineage.Agents.Safetensors;
using Lineage.Contracts.Format;
using Lineage.Fuzz.Mutations;

namespace Lineage.Fuzz.Targets;

/// <summary>
/// An index and the files beside it. The input is a row of <c>length u32 | bytes</c>: the index, then the files, which are called <c>1</c>,
/// <c>2</c>, … A name that the reader asks for must be a plain one.
/// </summary>
sealed class SafetensorsIndexTarget : FuzzTarget
{
    readonly SafetensorsEdits edits = new();
    readonly JsonEdits json = new();

    public override string Name => "safetensors-index";

    /// <summary>As a safetensors file, and the map as names, places and groups.</summary>
    public override long AllocatedBytesMax(int inputLength) => (256L * inputLength) + (256 << 10);

    /// <summary>Files are called by the index's folder, of which there is none here.</summary>
    public override bool IsRefusal(Exception e) => e is ShardFormatException;

    protected override void Run(byte[] input)
    {
        var parts = Parts(input);
        if (parts.Count == 0) return;
        Stage = 1;
        using var set = SafetensorsSet.Open(new MemoryStream(parts[0], writable: false), Name, Open);
        Stage |= 4;
        for (var tensor = 0; tensor < set.Tensors.Count; tensor++)
        {
            Stage |= 1UL << (8 + (int)set.Tensors[tensor].Dtype);
            set.Read(tensor, 0, new byte[set.Tensors[tensor].Bytes]);
        }

        MemoryStream? Open(string name)
        {
            Stage |= 2;
            if (name.AsSpan().ContainsAny('/', '\\') || name is "" or "." or "..")
                throw new LawBrokenException("a file outside the folder was asked for");
            return int.TryParse(name, System.Globalization.CultureInfo.InvariantCulture, out var file) && file > 0 && file < parts.Count
                ? new MemoryStream(parts[file], writable: false)
                : null;
        }
    }

    protected override byte[] Alter(byte[] input, byte[] other, Random random)
    {
        if (random.Next(10) == 0) return AlterBytes(input, other, random);
        var parts = Parts(input);
        if (parts.Count == 0) return AlterBytes(input, other, random);
        var part = random.Next(2) == 0 ? 0 : random.Next(parts.Count);
        Draft.Set(parts[part]);
        if (part == 0) json.Apply(Draft, random, 0, Draft.Length);
        else edits.Apply(Draft, random, other);
        parts[part] = Draft.ToArray();
        return Joined(parts);
    }

    /// <summary>A part that is cut off ends the row.</summary>
    static List<byte[]> Parts(ReadOnlySpan<byte> input)
    {
        var parts = new List<byte[]>();
        while (input.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(input) is var length && length <= input.Length - 4)
        {
            parts.Add(input.Slice(4, (int)length).ToArray());
            input = input[(4 + (int)length)..];
        }

        return parts;
    }

    public static byte[] Joined(IEnumerable<byte[]> parts) =>
        [.. parts.SelectMany(static part => BitConverter.GetBytes(part.Length).Concat(part))];
}
