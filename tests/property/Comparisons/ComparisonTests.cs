using Lineage.Checkpoints;
using Lineage.Comparisons;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Runs;
using Lineage.Tests.Property.Runs;

namespace Lineage.Tests.Property.Comparisons;

public sealed class ComparisonTests
{
    static readonly ActorId Ada = ActorId.Parse("person:ada");

    [Fact]
    public void Two_checkpoints_are_told_apart_by_what_is_on_record()
    {
        var a = Marked(Given.Verified(Given.Id(1, 10)), ("loss", 2.5), ("data.samples", 320), ("only.a", 1));
        var b = Marked(Given.Sealed(Given.Id(2, 30)), ("loss", 2.0), ("data.samples", 960), ("bad", null));
        var run = Given.RunOf(Given.Registered() with { Labels = Labels("model", "tiny", "seed", "1") });
        var other = Given.RunOf(new RunForked(
            RunId.Parse("fork"), Given.Id(1, 10), new SavePolicy(FullEvery: 4), Labels("model", "tiny", "seed", "2"), "try", Given.At(0)));
        var pair = CheckpointComparisons.Of(Side(a, run), Side(b, other), [], betweenMore: false);

        Assert.Equal((20L, 640L, true, true, false, false),
            (pair.StepsBetween, pair.SamplesBetween!.Value, pair.SameWorld, pair.SameLayout, pair.SameContent, pair.SameRun));
        Assert.Equal([("bad", null, null, null), ("data.samples", 320, 960, 640), ("loss", 2.5, 2.0, -0.5), ("only.a", 1, null, null)],
            pair.Metrics.Select(static m => (m.Name, m.A, m.B, m.Delta)));
        Assert.Equal((false, true), (pair.Metrics[0].InA, pair.Metrics[0].InB));
        Assert.Equal(new SettingDifference("seed", "1", "2"), Assert.Single(pair.Labels));
        Assert.Equal(new SettingDifference("fullEvery", "8", "4"), Assert.Single(pair.Policy));
        Assert.True(CheckpointComparisons.Of(Side(a, run), Side(a, run), [], betweenMore: false).SameContent);
    }

    [Fact]
    public void The_common_ancestor_is_the_nearest_one_across_forks()
    {
        var (root, left) = (Given.Id(1, 10), Given.Id(1, 20));
        var right = new CheckpointId(RunId.Parse("fork"), new Generation(1), new Step(30));
        DescentBetween Of(CheckpointId[] a, CheckpointId[] b)
        {
            var run = Given.RunOf(Given.Registered());
            return CheckpointComparisons.Descent(
                new ComparedCheckpoint(Given.Sealed(Given.Id(1, 1)), run, a), new ComparedCheckpoint(Given.Sealed(Given.Id(1, 1)), run, b));
        }

        Assert.Equal((root, 1, 1), Shape(Of([left, root], [right, root])));
        Assert.Equal((left, 0, 1), Shape(Of([left, root], [right, left, root])));
        Assert.StartsWith("B descends from A", Of([left, root], [right, left, root]).Relation, StringComparison.Ordinal);
        Assert.Equal((left, 0, 0), Shape(Of([left, root], [left, root])));
        Assert.Null(Of([left], [right]).CommonAncestor);
    }

    static (CheckpointId, int, int) Shape(DescentBetween d) => (d.CommonAncestor!.Value, d.SavesToA, d.SavesToB);

    static ComparedCheckpoint Side(Checkpoint state, Run run) => new(state, run, [state.Id]);

    static Checkpoint Marked(Checkpoint state, params (string Name, double? Value)[] metrics) => Checkpoint.Fold(
        state, new MetricsRecorded(state.Id, [.. metrics.Select(static m => new Metric(m.Name, m.Value))], Ada, Given.At(9)))!;

    static Dictionary<string, string> Labels(params string[] pairs) => pairs.Chunk(2)
        .ToDictionary(static pair => pair[0], static pair => pair[1], StringComparer.Ordinal);
}
