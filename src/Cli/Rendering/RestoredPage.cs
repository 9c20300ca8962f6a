using Lineage.Contracts.Identity;

namespace Lineage.Cli.Rendering;

/// <summary>What a restore wrote, and the shape of its JSON.</summary>
internal sealed record RestoredView(
    CheckpointId Checkpoint, string Directory, IReadOnlyList<RestoredFile> Files, long ReadBytes, long WrittenBytes, double Seconds);

/// <param name="Digest">SHA-256 of the file as it was read back after it was written.</param>
internal sealed record RestoredFile(string Name, int Tensors, long Bytes, ContentHash Digest);

internal static class RestoredPage
{
    public static IReadOnlyList<Line> Draw(RestoredView view, Screen screen)
    {
        // The order of sha256sum, so that a line can be compared with what it prints; it just fits into 100 columns.
        var table = new Table(new("SHA-256"), new("FILE"), new("BYTES", Right: true));
        foreach (var file in view.Files) table.Add((file.Digest.Hex, Tone.Dim), (file.Name, Tone.Strong), Units.Bytes(file.Bytes));
        return
        [
            new Line(($"{screen.Glyphs.Verified} {view.Checkpoint}", Tone.Good), $" restored to {view.Directory}").Fit(screen),
            new Line((
                $"  {Units.Bytes(view.ReadBytes)} read and checked, " +
                $"{Units.Bytes(view.WrittenBytes)} written in {Units.Seconds(view.Seconds)}",
                Tone.Dim)).Fit(screen),
            Line.Empty,
            .. table.Draw(screen),
        ];
    }
}
