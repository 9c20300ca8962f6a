using System.Collections.Concurrent;
using System.Text;
using CsCheck;

namespace Lineage.Tests.Chaos.Model;

/// <summary>The whole exploration, done once for all tests that look at it.</summary>
sealed class Explored
{
    static readonly Lazy<Explored> Once = new(static () => new Explored());

    readonly ConcurrentDictionary<(string By, SavePhase From, SavePhase To), bool> changes = new();
    readonly StringBuilder told = new();

    Explored()
    {
        Report = ProtocolSpec.Create(See).ConformExhaustive(
            static () => new Production(), Conformance.Apply, Tell, clone: static production => production.Clone());
        Faults = Defects.Plant(ProtocolSpec.Create()).Faults(Tell, throwOnUncaught: false);

        void Tell(string line) => told.AppendLine(line);
    }

    public static Explored Value => Once.Value;

    public SpecReport<ModelState> Report { get; }

    public SpecFaultsReport Faults { get; }

    public string Told => told.ToString();

    /// <summary>Every change of a save's phase that any step of the closed space makes.</summary>
    public IEnumerable<(string By, SavePhase From, SavePhase To)> Changes => changes.Keys;

    void See(Happening by, ModelState before, ModelState after)
    {
        for (var save = 0; save < Protocol.Saves; save++)
            if (before[save].Phase != after[save].Phase) changes.TryAdd((by.Verb, before[save].Phase, after[save].Phase), true);
    }
}
