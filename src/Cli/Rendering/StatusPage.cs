using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

/// <summary>What <c>lineage status</c> looks at, and the shape of its JSON.</summary>
/// <param name="Storage">The tier of this machine as the CLI sees it; null where there is none.</param>
internal sealed record StatusView(
    string Server, ServiceView Service, StorageView? Storage, IReadOnlyList<RunStatus> Runs);

/// <summary>The file system under the store of this machine.</summary>
internal sealed record StorageView(string Store, long FreeBytes, long TotalBytes);

/// <param name="StoredBytes">Of every checkpoint on record that is not abandoned.</param>
internal sealed record RunStatus(
    RunView Run, int Checkpoints, int Verified, int Quarantined, int Abandoned, int Open, long RawBytes, long StoredBytes,
    IReadOnlyList<RecoveryView> Recoveries);

internal static class StatusPage
{
    public static IReadOnlyList<Line> Draw(StatusView status, Screen screen)
    {
        var service = status.Service;
        var facts = new FactList();
        facts.Add("server", status.Server, ($"  version {service.Version}, up {Units.Duration(screen.Now - service.StartedAt)}", Tone.Dim));
        facts.Add("database", $"PostgreSQL {service.Postgres}", (service.PrivatePostgres ? "  private" : "", Tone.Dim));
        facts.Add("broker", service.Broker, (service.BrokerAddress is { } address ? $"  {address}" : "", Tone.Dim));
        if (status.Storage is { } storage)
        {
            facts.Add("store", storage.Store, (
                $"  {Units.Bytes(storage.FreeBytes)} free of {Units.Bytes(storage.TotalBytes)}",
                storage.FreeBytes < storage.TotalBytes / 20 ? Tone.Warn : Tone.Dim));
        }

        var lines = new List<Line>(facts.Draw(screen, "")) { Line.Empty };
        lines.AddRange(RunPage.List([.. status.Runs.Select(static run => run.Run)], screen));
        foreach (var run in status.Runs) lines.AddRange(Run(run, screen));
        return lines;
    }

    static IEnumerable<Line> Run(RunStatus status, Screen screen)
    {
        if (status.Checkpoints == 0) yield break;
        var bad = new List<Piece>();
        if (status.Quarantined > 0) bad.Add(($", {status.Quarantined} quarantined", Tone.Bad));
        if (status.Abandoned > 0) bad.Add(($", {status.Abandoned} abandoned", Tone.Warn));
        if (status.Open > 0) bad.Add(($", {status.Open} open", Tone.Plain));
        yield return Line.Empty;
        yield return new Line([
            (status.Run.Run.ToString(), Tone.Strong), $"  {Units.Count(status.Checkpoints, "checkpoint")}: {status.Verified} verified",
            .. bad,
            ($"; {Units.Bytes(status.StoredBytes)} stored, {Units.Ratio(status.StoredBytes, status.RawBytes, screen.Glyphs)} of raw",
                Tone.Dim)]).Fit(screen);
        foreach (var recovery in status.Recoveries)
        {
            yield return new Line(["  ", (screen.Glyphs.Recovery, Tone.Warn), " ", .. RecoveryPage.Headline(recovery, screen)]).Fit(screen);
            foreach (var line in RecoveryPage.Beneath(recovery, screen)) yield return new Line(["   ", .. line.Pieces]).Fit(screen);
        }
    }
}
