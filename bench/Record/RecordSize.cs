namespace Lineage.Bench.Record;

/// <summary>How much history is made. Every other run is long, so that a run has <see cref="Mean"/> checkpoints on average.</summary>
/// <param name="Asked">Requests per question.</param>
sealed record RecordSize(int Runs, int Mean, int World, int Asked)
{
    public static RecordSize Of(Scale scale) => scale switch
    {
        Scale.Full => new RecordSize(1_000, 100, 36, 2_000),
        Scale.Quick => new RecordSize(40, 60, 16, 400),
        _ => new RecordSize(10, 12, 4, 16),
    };

    public int Checkpoints(int run) => run % 2 == 0 ? Mean * 3 / 5 : Mean * 7 / 5;
}
