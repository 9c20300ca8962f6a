namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>Ends a harm, once.</summary>
sealed class Undo(Func<Task> end) : IAsyncDisposable
{
    bool isDone;

    public async ValueTask DisposeAsync()
    {
        if (isDone) return;
        isDone = true;
        await end();
    }
}
