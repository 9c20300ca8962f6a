using System.Buffers.Binary;
using Lineage.Contracts.Format;
using Lineage.Fuzz.Mutations;

namespace Lineage.Fuzz.Targets;

/// <summary>
/// Header and footer of a shard object, each for itself: the input is <c>header | footer</c>. What is read is written again as the same
/// bytes.
/// </summary>
sealed class HeaderTarget : FuzzTarget
{
    readonly JsonEdits json = new();

    public override string Name => "header";

    /// <summary>The identity is parsed, written again and compared.</summary>
    public override long AllocatedBytesMax(int inputLength) => (64L * inputLength) + (256 << 10);

    public override bool IsRefusal(Exception e) => e is ShardFormatException { File: "header" };

    protected override void Run(byte[] input)
    {
        var footer = input.AsSpan(Math.Max(0, input.Length - ShardFooter.Size));
        if (footer.Length == ShardFooter.Size) RunFooter(footer, input.Length);
        Stage |= 1;
        if (input.Length < ShardHeader.FixedBytes) return;
        var length = ShardHeader.ReadLength(input.AsSpan(0, ShardHeader.FixedBytes), Name);
        Stage |= 2;
        if (length > input.Length) return;
        var header = ShardHeader.Read(input.AsSpan(0, length), Name);
        Stage |= 4;
        if (!header.Write().AsSpan().SequenceEqual(input.AsSpan(0, length)))
            throw new LawBrokenException("a header that was read is written differently");
    }

    void RunFooter(ReadOnlySpan<byte> bytes, long fileLength)
    {
        ShardFooter footer;
        try
        {
            footer = ShardFooter.Read(bytes, 64, fileLength, Name);
        }
        catch (ShardFormatException e) when (IsRefusal(e))
        {
            Stage |= 8UL << (int)(e.Offset % 8);
            return;
        }

        Stage |= 1UL << 16;
        if (!footer.Write().AsSpan().SequenceEqual(bytes)) throw new LawBrokenException("a footer that was read is written differently");
    }

    protected override byte[] Alter(byte[] input, byte[] other, Random random)
    {
        if (input.Length < ShardHeader.FixedBytes + ShardFooter.Size || random.Next(4) == 0) return AlterBytes(input, other, random);
        Draft.Set(input);
        var count = (int)Math.Min(
            BinaryPrimitives.ReadUInt32LittleEndian(input.AsSpan(12)), (uint)(input.Length - ShardHeader.FixedBytes - ShardFooter.Size));
        if (random.Next(4) == 0)
        {
            ByteEdits.Integer(Draft.Span, input.Length - ShardFooter.Size + (8 * random.Next(13)), 1 << random.Next(4), random);
            return Draft.ToArray();
        }

        count += json.Apply(Draft, random, ShardHeader.FixedBytes, count);
        var padding = Math.Max(0, Draft.Length - ShardFooter.Size - ShardHeader.FixedBytes - count);
        Draft.Replace(
            Math.Min(Draft.Length, ShardHeader.FixedBytes + count), padding,
            new byte[ShardLimits.Align(ShardHeader.FixedBytes + count) - ShardHeader.FixedBytes - count]);
        BinaryPrimitives.WriteUInt32LittleEndian(Draft.Span[12..], (uint)count);
        if (Draft.Length >= ShardFooter.Size)
            BinaryPrimitives.WriteInt64LittleEndian(Draft.Span[^24..], Draft.Length);   // so that the footer is read on
        return Draft.ToArray();
    }
}
