using System.Globalization;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.Tests.Chaos.Real;

/// <summary>What is done to one process takes effect, is told, and is gone afterwards.</summary>
public sealed class ProcessFaults : IAsyncDisposable
{
    static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(20), Poll = TimeSpan.FromMilliseconds(5);

    readonly string folder = Directory.CreateTempSubdirectory("lineage-process-faults-").FullName;
    readonly List<ChildProcess> children = [];

    [NeedsFact(Capability.Freezer)]
    public async Task A_frozen_process_stands_still_and_goes_back_to_where_it_was()
    {
        var child = Start("sleep", "60");
        var home = await File.ReadAllTextAsync($"/proc/{Number(child)}/cgroup");
        using (var group = ControlGroup.Make(ControlGroup.Freezer))
        {
            group.Add(child.Id);
            Assert.True(group.Has(child.Id));
            group.Write("freezer.state", "FROZEN");
            await UntilAsync(() => group.Read("freezer.state") == "FROZEN");
            group.Write("freezer.state", "THAWED");
        }

        Assert.Equal(home, await File.ReadAllTextAsync($"/proc/{Number(child)}/cgroup"));
        Assert.False(child.HasExited);
    }

    [NeedsFact(Capability.MemoryLimit)]
    public async Task A_process_that_may_have_no_more_memory_is_killed_and_the_group_says_so()
    {
        using var group = ControlGroup.Make(ControlGroup.Memory);
        group.Write("memory.limit_in_bytes", "4194304");
        var hungry = Start("tail", "/dev/zero");   // which keeps all that it has read
        group.Add(hungry.Id);

        Assert.Equal(128 + (int)Signal.Kill, await hungry.WaitAsync(CancellationToken.None));
        Assert.Equal(1, group.Number("memory.oom_control", "oom_kill"));
    }

    [NeedsFact(Capability.SyscallFaults)]
    public async Task A_system_call_that_is_made_to_fail_is_told_and_the_process_has_met_it()
    {
        var child = Start("sh", "-c", "while read line; do :; done < /dev/zero; exit 7");
        await using var tracer = SyscallTracer.Attach(
            child.Id, ["-e", "trace=read", "-e", "inject=read:error=EIO"], folder, TimeProvider.System);

        await UntilAsync(() => child.HasExited || tracer.HoldsAll(child.Id));
        Assert.Equal(7, await child.WaitAsync(CancellationToken.None));
        Assert.Contains(tracer.Tampered(), static line => line.Contains("EIO", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_process_started_and_what_that_started_belongs_to_it()
    {
        var child = Start("sh", "-c", "sh -c 'sleep 60; true'; true");

        await UntilAsync(() => ProcessTable.WithDescendants([child.Id]).Count == 3);
        var all = ProcessTable.WithDescendants([child.Id]);
        Assert.Equal(child.Id, all[0]);
        Assert.Equal([child.Id, all[1]], all.Skip(1).Select(static one => ProcessTable.Of(one)!.Value.Parent));
        foreach (var one in Enumerable.Reverse(all.Skip(1))) ChildProcess.Send(one, Signal.Kill);
    }

    [Fact]
    public async Task No_packet_is_filtered_outside_a_network_of_the_harness_own() =>
        Assert.Contains("not in a network namespace of its own", (await Assert.ThrowsAsync<WorldException>(
            () => PacketChain.MakeAsync(CancellationToken.None))).Message, StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        foreach (var child in children) await child.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    ChildProcess Start(string program, params string[] arguments)
    {
        var child = ChildProcess.Start(program, program, arguments, Path.Combine(folder, $"{children.Count}.log"));
        children.Add(child);
        return child;
    }

    static string Number(ChildProcess child) => child.Id.ToString(CultureInfo.InvariantCulture);

    static async Task UntilAsync(Func<bool> holds)
    {
        using var bound = new CancellationTokenSource(WaitMax);
        while (!holds()) await Task.Delay(Poll, TimeProvider.System, bound.Token);
    }
}
