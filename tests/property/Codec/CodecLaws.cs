using FsCheck.Fluent;
using Lineage.Agents.Codec;
using Lineage.Agents.Codec.Kernels;
using Lineage.Contracts.Format;
using Lineage.Tests.Property.House;

namespace Lineage.Tests.Property.Codec;

[Trait(Soak.Trait, Soak.Name)]
public sealed class CodecLaws
{
    static readonly LaneWidth[] Widths = [.. Enum.GetValues<LaneWidth>().Where(LaneWidths.IsSupported)];
    static readonly CodecPreset[] Presets = Enum.GetValues<CodecPreset>();

    [Law]
    public FsCheck.Property Decode_of_encode_is_the_chunk_and_every_width_of_vectors_gives_the_same_bytes(int seed)
    {
        var chunk = SampleChunk.Draw(seed);
        var preset = Presets[Math.Abs(seed % Presets.Length)];
        var (mode, expected) = Encode(Widths[0], preset, chunk);
        Assert.True(expected.Length <= chunk.Raw.Length);
        foreach (var width in Widths)
        {
            var (other, bytes) = Encode(width, preset, chunk);
            Assert.Equal((mode, Convert.ToHexString(expected)), (other, Convert.ToHexString(bytes)));
            using var codec = new ChunkCodec(width);
            var back = new byte[chunk.Raw.Length];
            Assert.Null(codec.Decode(mode, expected, chunk.Input(forDecoding: true), back));
            Assert.Equal(chunk.Raw, back);
            if (!mode.NeedsBase()) continue;
            var inPlace = chunk.Base.ToArray();
            Assert.Null(codec.Decode(mode, expected, chunk.Input() is var input ? WithBase(input, inPlace) : default, inPlace));
            Assert.Equal(chunk.Raw, inPlace);
        }

        return true.Collect(mode);
    }

    [Law]
    public void Hostile_stored_bytes_are_an_objection_never_a_crash(int seed)
    {
        var random = new Random(seed);
        var chunk = SampleChunk.Draw(seed);
        var (mode, stored) = Encode(LaneWidths.Best, Presets[random.Next(1, Presets.Length)], chunk);
        var hostile = stored.ToArray();
        for (var edits = random.Next(4); edits > 0 && hostile.Length > 0; edits--)
            hostile[random.Next(Math.Min(hostile.Length, 60))] = (byte)random.Next(256);
        if (random.Next(3) == 0) hostile = hostile[..random.Next(hostile.Length + 1)];
        using var codec = new ChunkCodec(Widths[random.Next(Widths.Length)]);
        foreach (var other in random.Next(4) == 0 ? Enum.GetValues<ChunkMode>() : [mode])
            _ = codec.Decode(other, hostile, chunk.Input(forDecoding: true), new byte[chunk.Raw.Length]);
    }

    [Theory]
    [InlineData(ChunkMode.Raw), InlineData(ChunkMode.Same), InlineData(ChunkMode.Constant), InlineData(ChunkMode.Planes)]
    [InlineData(ChunkMode.DeltaPlanes), InlineData(ChunkMode.Derived), InlineData(ChunkMode.Self), InlineData(ChunkMode.Delta)]
    [InlineData(ChunkMode.Sparse), InlineData(ChunkMode.Paired), InlineData(ChunkMode.Frame), InlineData(ChunkMode.Nonzero)]
    public void Each_mode_is_taken_where_it_is_the_cheapest(ChunkMode mode)
    {
        var chunk = TypicalChunks.Of(mode);
        var (taken, stored) = Encode(LaneWidths.Best, CodecPreset.Default, chunk);
        Assert.Equal(mode, taken);
        using var codec = new ChunkCodec();
        var back = new byte[chunk.Raw.Length];
        Assert.Null(codec.Decode(mode, stored, chunk.Input(), back));
        Assert.Equal(chunk.Raw, back);
    }

    [Fact]
    public void What_was_chosen_for_a_chunk_is_dropped_when_the_next_is_of_another_kind()
    {
        using var codec = new ChunkCodec();
        var buffer = new byte[1 << 20];
        foreach (var mode in (ChunkMode[])[ChunkMode.Self, ChunkMode.Delta, ChunkMode.Sparse, ChunkMode.Nonzero, ChunkMode.Self])
        {
            var chunk = TypicalChunks.Of(mode);
            for (var again = 0; again < 3; again++)
            {
                codec.Encode(CodecPreset.Default, chunk.Input(), buffer, out var written);
                var alone = Encode(LaneWidths.Best, CodecPreset.Default, chunk).Stored.Length;
                if (again == 2) Assert.InRange(written, alone * 0.95, alone * 1.05);
            }
        }
    }

    static (ChunkMode Mode, byte[] Stored) Encode(LaneWidth width, CodecPreset preset, SampleChunk chunk)
    {
        using var codec = new ChunkCodec(width);
        var buffer = new byte[ChunkCodec.Bound(chunk.Raw.Length)];
        var mode = codec.Encode(preset, chunk.Input(), buffer, out var written);
        return (mode, buffer[..written]);
    }

    static ChunkInput WithBase(ChunkInput input, byte[] below) =>
        new() { Kind = input.Kind, Raw = input.Raw, Base = below, Source = input.Source, SourceIs = input.SourceIs };
}
