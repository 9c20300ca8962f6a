using System.Globalization;
using System.Text.Json.Serialization;
using Lineage.Agents.Comparing;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Rendering;

/// <summary>What differs between two checkpoints, and the shape of its JSON.</summary>
/// <param name="Steps">From the first to the second; negative if the second is the earlier one.</param>
internal sealed record DiffView(
    DiffSide From, DiffSide To, long Steps, bool SameWorld, bool SameLayout, DiffTotals Totals, long ReadBytes, double Seconds,
    IReadOnlyList<TensorDiffView> Tensors)
{
    public static DiffView Of(CheckpointDifference found, DiffSide from, DiffSide to)
    {
        TensorDiffView[] tensors = [.. found.Tensors.Select(TensorDiffView.Of)];
        int In(TensorChange change) => tensors.Count(tensor => tensor.Change == change);
        return new DiffView(
            from, to, to.Checkpoint.Step.Value - from.Checkpoint.Step.Value, from.WorldSize == to.WorldSize,
            from.LayoutDigest == to.LayoutDigest,
            new DiffTotals(
                tensors.Length, In(TensorChange.Changed), In(TensorChange.Unchanged), In(TensorChange.Added), In(TensorChange.Removed),
                In(TensorChange.Reshaped), tensors.Sum(static t => t.Elements), tensors.Sum(static t => t.ChangedElements),
                tensors.Sum(static t => t.NanAppeared), tensors.Sum(static t => t.RawBytes), tensors.Sum(static t => t.StoredBytes),
                tensors.Sum(static t => t.SavedBytes)),
            found.ReadBytes, found.Took.TotalSeconds, tensors);
    }
}

/// <param name="ChainDepth">Deltas on a full one.</param>
/// <param name="ChainBytes">Stored bytes along the chain.</param>
internal sealed record DiffSide(
    CheckpointId Checkpoint, CheckpointPhase Phase, CheckpointKind Kind, CheckpointId? Base, int ChainDepth, WorldSize WorldSize,
    ContentHash LayoutDigest, ContentHash? ManifestHash, long RawBytes, long StoredBytes, long ChainBytes)
{
    public static DiffSide Of(CheckpointView view, ChainView chain) => new(
        view.Checkpoint, view.Phase, view.Kind, view.Base?.Checkpoint, view.ChainDepth, view.WorldSize, view.LayoutDigest,
        view.ManifestHash, view.RawBytes, view.StoredBytes, chain.ReadBytes);
}

/// <param name="StoredBytes">Encoded chunks, without headers and indexes.</param>
/// <param name="SavedBytes">What raw storage of the second would take beyond that.</param>
internal sealed record DiffTotals(
    int Tensors, int Changed, int Unchanged, int Added, int Removed, int Reshaped, long Elements, long ChangedElements, long NanAppeared,
    long RawBytes, long StoredBytes, long SavedBytes);

/// <param name="LargestChange">Null if no number changed or the type has none; a change to or from infinity is <c>"Infinity"</c>.</param>
internal sealed record TensorDiffView(
    string Name, TensorChange Change, double Share, long ChangedElements, long Elements,
    [property: JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)] double? LargestChange, long NanChanged,
    long NanAppeared, TensorDtype Dtype, TensorRole Role, IReadOnlyList<long> Shape, int Ranks, long RawBytes, long StoredBytes,
    long SavedBytes)
{
    public static TensorDiffView Of(TensorDifference found) => new(
        found.Name, found.Change, found.Share, found.Tally.Changed, found.Elements, found.Tally.Largest, found.Tally.NanChanged,
        found.Tally.NanAppeared, found.Dtype, found.Role, found.Shape, found.Ranks, found.RawBytes, found.StoredBytes,
        found.RawBytes - found.StoredBytes);
}

/// <summary><c>lineage diff A B</c>.</summary>
internal static class DiffPage
{
    public static IReadOnlyList<Line> Draw(DiffView view, Screen screen) =>
    [
        Title(view, screen), Line.Empty,
        .. Sides(view, screen), Line.Empty,
        .. Tensors(view, screen), Line.Empty,
        .. Totals(view, screen),
    ];

    static Line Title(DiffView view, Screen screen)
    {
        var dot = $" {screen.Glyphs.Dot} ";
        return new Line(
            ($"{view.From.Checkpoint} {screen.Glyphs.Arrow} {view.To.Checkpoint}", Tone.Strong), dot,
            view.Steps switch
            {
                0 => "the same step",
                < 0 => $"{Units.Count(-view.Steps, "step")} back",
                _ => $"{Units.Count(view.Steps, "step")} on",
            },
            dot,
            view.SameWorld
                ? Units.Count(view.To.WorldSize.Value, "rank")
                : ($"{view.From.WorldSize} {screen.Glyphs.Arrow} {Units.Count(view.To.WorldSize.Value, "rank")}", Tone.Warn),
            dot, view.SameLayout ? "same layout" : ("other layout", Tone.Warn)).Fit(screen);
    }

    static IReadOnlyList<Line> Sides(DiffView view, Screen screen)
    {
        var table = new Table(
            new(""), new("CHECKPOINT"), new("KIND"), new("CHAIN"), new("READ", Right: true), new("STORED", Right: true), new("STATE"));
        foreach (var (name, side) in new[] { ("from", view.From), ("to", view.To) })
        {
            table.Add(
                (name, Tone.Dim), (side.Checkpoint.ToString(), Tone.Strong),
                side.Base is { } on ? $"{Marks.Kind(side.Kind)} on {on}" : Marks.Kind(side.Kind),
                Units.Count(side.ChainDepth + 1, "link"), Units.Bytes(side.ChainBytes),
                $"{Units.Bytes(side.StoredBytes)} ({Units.Ratio(side.StoredBytes, side.RawBytes, screen.Glyphs)})",
                Marks.Of(side.Phase, screen.Glyphs));
        }

        return table.Draw(screen, "  ");
    }

    static IReadOnlyList<Line> Tensors(DiffView view, Screen screen)
    {
        var table = new Table(
            new("TENSOR"), new("SHARE", Right: true), new("CHANGED", Right: true), new("LARGEST", Right: true), new("NAN", Right: true),
            new("RAW", Right: true), new("STORED", Right: true), new("SAVED", Right: true), new("TYPE"), new("SHAPE"));
        foreach (var tensor in view.Tensors)
        {
            var none = screen.Glyphs.None;
            var isThere = tensor.Change is not TensorChange.Removed;
            table.Add(
                (tensor.Name, tensor.Change is TensorChange.Unchanged ? Tone.Dim : Tone.Strong), Share(tensor),
                tensor.ChangedElements == 0 ? none : tensor.ChangedElements.ToString("N0", CultureInfo.InvariantCulture),
                tensor.LargestChange is { } largest ? Number(largest) : none,
                tensor.NanAppeared > 0 ? ($"+{tensor.NanAppeared:N0}", Tone.Bad)
                    : tensor.NanChanged > 0 ? tensor.NanChanged.ToString("N0", CultureInfo.InvariantCulture) : none,
                isThere ? Units.Bytes(tensor.RawBytes) : none, isThere ? Units.Bytes(tensor.StoredBytes) : none,
                isThere ? Units.Bytes(tensor.SavedBytes) : none, tensor.Dtype.ToString(), Marks.Shape(tensor.Shape));
        }

        return table.Draw(screen, "  ");
    }

    static Piece Share(TensorDiffView tensor) => tensor.Change switch
    {
        TensorChange.Unchanged => ("same", Tone.Dim),
        TensorChange.Changed => Percent(tensor.Share),
        TensorChange.Added => ("added", Tone.Good),
        TensorChange.Removed => ("removed", Tone.Warn),
        _ => ("reshaped", Tone.Warn),
    };

    static IReadOnlyList<Line> Totals(DiffView view, Screen screen)
    {
        var totals = view.Totals;
        (int Count, string Word)[] counts =
        [
            (totals.Changed, "changed"), (totals.Unchanged, "unchanged"), (totals.Added, "added"), (totals.Removed, "removed"),
            (totals.Reshaped, "of another type or shape"),
        ];
        var words = string.Join(", ", counts.Where(static c => c.Count > 0).Select(static c => $"{c.Count} {c.Word}"));
        var share = Percent(totals.Elements == 0 ? 0 : (double)totals.ChangedElements / totals.Elements);
        return
        [
            new Line(($"{Units.Count(totals.Tensors, "tensor")}: {(words.Length > 0 ? words : "none")}", Tone.Strong),
                $"; {Units.Count(totals.ChangedElements, "element")} of {totals.Elements:N0} changed ({share})").Fit(screen),
            .. totals.NanAppeared == 0 ? Array.Empty<Line>()
                : [new Line(($"{screen.Glyphs.Bad} {Units.Count(totals.NanAppeared, "number")} became NaN", Tone.Bad))],
            new Line($"{Units.Bytes(totals.RawBytes)} of tensors take {Units.Bytes(totals.StoredBytes)} in {view.To.Checkpoint}, " +
                $"{Units.Bytes(totals.SavedBytes)} less than raw").Fit(screen),
            new Line(($"{Units.Bytes(view.ReadBytes)} read and checked in {Units.Seconds(view.Seconds)}", Tone.Dim)).Fit(screen),
        ];
    }

    /// <summary>What is not nothing never looks like nothing.</summary>
    static string Percent(double share) => share is > 0 and < 0.0005
        ? "<0.1 %"
        : (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    static string Number(double value) => value switch
    {
        double.PositiveInfinity => "inf",
        _ when double.IsInteger(value) && value < 1e15 => value.ToString("N0", CultureInfo.InvariantCulture),
        _ => value.ToString("G3", CultureInfo.InvariantCulture),
    };
}
