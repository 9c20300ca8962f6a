using System.Runtime.InteropServices;

namespace Lineage.Tests.Chaos.Model;

enum Slot { A, B }

enum Cause { DeadlinePassed, DeadlineAhead, NewerGeneration }

enum Launcher { X, Y }

[StructLayout(LayoutKind.Auto)]
readonly record struct Shard(Slot Save, int Rank)
{
    public static Shard[] All { get; } =
        [.. from save in Enum.GetValues<Slot>() from rank in Enumerable.Range(0, Protocol.Ranks) select new Shard(save, rank)];

    public override string ToString() => $"{Save}{Rank}";
}

[StructLayout(LayoutKind.Auto)]
readonly record struct Found(Shard Shard, bool Intact)
{
    public static Found[] All { get; } = [.. from shard in Shard.All from intact in (bool[])[true, false] select new Found(shard, intact)];

    public override string ToString() => $"{Shard} {(Intact ? "intact" : "damaged")}";
}

[StructLayout(LayoutKind.Auto)]
readonly record struct Abandonment(Slot Save, Cause Cause)
{
    public static Abandonment[] All { get; } =
        [.. from save in Enum.GetValues<Slot>() from cause in Enum.GetValues<Cause>() select new Abandonment(save, cause)];

    public bool IsTrue(ModelState s) => Cause == Cause.DeadlinePassed || (Cause == Cause.NewerGeneration && s.IsStale((int)Save));

    public override string ToString() => $"{Save} {Cause}";
}

[StructLayout(LayoutKind.Auto)]
readonly record struct Reclaiming(Slot Save, bool Late)
{
    public static Reclaiming[] All { get; } =
        [.. from save in Enum.GetValues<Slot>() from late in (bool[])[true, false] select new Reclaiming(save, late)];

    public override string ToString() => $"{Save}{(Late ? "" : " too early")}";
}
