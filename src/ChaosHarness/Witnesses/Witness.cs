using Lineage.Agents.Reporting;
using Lineage.Agents.Saving;
using Lineage.Agents.Tiers;
using Lineage.Agents.Training;

namespace Lineage.ChaosHarness.Witnesses;

/// <summary>Puts the witness where a composition root builds its parts; without a journal every part stays what it is.</summary>
public static class Witness
{
    public static ITier Over(ITier tier, JournalWriter? journal) => journal is null ? tier : new WitnessTier(tier, journal);

    public static IFactPublisher Over(IFactPublisher publisher, JournalWriter? journal) =>
        journal is null ? publisher : new WitnessPublisher(publisher, journal);

    public static RankSavingOptions Over(RankSavingOptions options, JournalWriter? journal) => options with
    {
        OverTier = tier => Over(tier, journal),
        OverPublisher = publisher => Over(publisher, journal),
    };

    /// <param name="journal">Disposed with the hooks.</param>
    public static IRankHooks Over(IRankHooks hooks, WatchedRank rank, JournalWriter? journal) =>
        journal is null ? hooks : new WitnessHooks(hooks, rank, journal);
}
