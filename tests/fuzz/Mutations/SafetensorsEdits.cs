using System.Buffers.Binary;

namespace Lineage.Fuzz.Mutations;

/// <summary>Edits of a safetensors file: its header's tokens, mostly with a length that fits again; its length; its bytes.</summary>
sealed class SafetensorsEdits
{
    const int FixedBytes = 8;
    readonly JsonEdits json = new();

    public void Apply(Draft draft, Random random, ReadOnlySpan<byte> other)
    {
        var header = draft.Length < FixedBytes ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(draft.Span);
        var kind = random.Next(8);
        if (kind == 0 || header == 0 || header > (ulong)(draft.Length - FixedBytes))
        {
            ByteEdits.Apply(draft, random, other);
            return;
        }

        if (kind == 1)
        {
            ByteEdits.Integer(draft.Span, 0, FixedBytes, random);
            return;
        }

        var moved = json.Apply(draft, random, FixedBytes, (int)header);
        if (kind > 2) BinaryPrimitives.WriteInt64LittleEndian(draft.Span, (long)header + moved);
    }
}
