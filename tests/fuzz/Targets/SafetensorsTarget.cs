using Lineage.Agents.Safetensors;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;
using Lineage.Fuzz.Mutations;

namespace Lineage.Fuzz.Targets;

/// <summary>A safetensors file: opened, every tensor read, and written again; what is written reads back as the same tensors.</summary>
sealed class SafetensorsTarget : FuzzTarget
{
    readonly SafetensorsEdits edits = new();

    public override string Name => "safetensors";

    /// <summary>The reader's own bound is 6 bytes a byte of header and 1 KiB a tensor, of which a header has one in 50 bytes; the writer
    /// sorts, checks and writes a header and is read back.</summary>
    public override long AllocatedBytesMax(int inputLength) => (256L * inputLength) + (256 << 10);

    public override bool IsRefusal(Exception e) => e is ShardFormatException { File: "safetensors" };

    protected override void Run(byte[] input)
    {
        using var reader = SafetensorsReader.Open(new MemoryStream(input, writable: false), Name);
        Stage = 1;
        var held = HeldTensors.Of(reader, root: null);
        foreach (var tensor in reader.Tensors) Stage |= 1UL << (8 + (int)tensor.Dtype);
        using var stream = new MemoryStream();
        try
        {
            SafetensorsWriter.Write(
                stream, [.. held.Tensors.Select((_, i) => SafetensorsTensor.Whole(held, i))], reader.Metadata, CancellationToken.None);
        }
        catch (ShardLayoutException)
        {
            Stage |= 2;   // the writer is stricter: a tensor without a name, say
            return;
        }

        Stage |= 4;
        CheckAgain(stream.ToArray(), reader, held);
    }

    static void CheckAgain(byte[] written, SafetensorsReader reader, HeldTensors held)
    {
        using var again = SafetensorsReader.Open(new MemoryStream(written, writable: false), "written");
        var names = again.Tensors.Index().ToDictionary(static t => t.Item.Name, static t => t.Index, StringComparer.Ordinal);
        var same = names.Count == held.Tensors.Count && again.Metadata.Count == reader.Metadata.Count;
        for (var i = 0; i < held.Tensors.Count && same; i++)
        {
            var spec = held.Tensors[i];
            var (left, right) = (new byte[spec.Bytes], new byte[spec.Bytes]);
            held.Read(i, 0, left);
            same = names.TryGetValue(spec.Name, out var there) && again.Tensors[there].Dtype == spec.Dtype
                && again.Tensors[there].Sizes.SequenceEqual(spec.Sizes);
            if (same) again.Read(there, 0, right);
            same &= left.AsSpan().SequenceEqual(right);
        }

        if (!same) throw new LawBrokenException("what was read is written as other tensors");
    }

    protected override byte[] Alter(byte[] input, byte[] other, Random random)
    {
        Draft.Set(input);
        edits.Apply(Draft, random, other);
        return Draft.ToArray();
    }
}
