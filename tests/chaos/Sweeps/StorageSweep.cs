using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.Sweeps;

namespace Lineage.Tests.Chaos.Sweeps;

/// <summary>Without any service: a process is killed at every durable step of storing an object and keeping its report.</summary>
public sealed class StorageSweep : IDisposable
{
    readonly string state = Directory.CreateTempSubdirectory("lineage-sweep-").FullName;

    public static TheoryData<DurableStep> StepsOfStorage => [.. StorageDeath.Steps];

    [Theory, MemberData(nameof(StepsOfStorage))]
    public async Task What_was_stored_before_survives_and_what_was_being_stored_is_whole_or_absent(DurableStep step)
    {
        await using (var process = SaverProcess.Start("store", state, "store", state, step.ToString()))
            Assert.True(await process.WaitAsync(CancellationToken.None) == SaverProcess.Killed, process.Tail());
        Assert.Empty(StorageDeath.Judge(state, step));
    }

    /// <summary>What the process left at one step does not do for another: the judge of this sweep can fail.</summary>
    [Theory]
    [InlineData(DurableStep.Written, DurableStep.Renamed)]
    [InlineData(DurableStep.Renamed, DurableStep.Written)]
    [InlineData(DurableStep.OutboxSynced, DurableStep.OutboxRenamed)]
    public async Task A_death_at_another_step_is_noticed(DurableStep died, DurableStep told)
    {
        await using (var process = SaverProcess.Start("store", state, "store", state, died.ToString()))
            Assert.Equal(SaverProcess.Killed, await process.WaitAsync(CancellationToken.None));
        Assert.NotEmpty(StorageDeath.Judge(state, told));
    }

    [Fact]
    public async Task A_process_that_nobody_kills_stores_everything()
    {
        await using var process = SaverProcess.Start("store", state, "store", state, StorageDeath.Nobody);
        Assert.True(await process.WaitAsync(CancellationToken.None) == SaverHost.Survived, process.Tail());
        Assert.Empty(StorageDeath.Judge(state, DurableStep.OutboxDirSynced));
    }

    public void Dispose() => Directory.Delete(state, recursive: true);
}
