using System.Collections.Concurrent;
using Lineage.Contracts.Messages;
using Lineage.Tests.Service.Worlds;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Lineage.Tests.Service.Bus;

/// <summary>The bus inside the server's process.</summary>
public sealed class InMemoryBusTests
{
    [Fact]
    public async Task A_checkpoint_seals_once_under_duplicates_in_any_order()
    {
        await using var server = await RunningServer.StartAsync();
        await BusLaws.A_checkpoint_seals_once_under_duplicates_in_any_order(server, "memory-1");
    }

    [Fact]
    public async Task A_poison_message_becomes_a_dead_letter_with_its_reason_and_delays_no_other()
    {
        await using var server = await RunningServer.StartAsync();
        var dead = new ConcurrentQueue<string>();
        var handle = server.Server.Services.GetRequiredService<IBusControl>().ConnectReceiveEndpoint(BusTopology.DeadLetters, endpoint =>
        {
            endpoint.ConfigureConsumeTopology = false;
            endpoint.Handler<ShardDiffReported>(context => Note(dead, context));
            endpoint.Handler<ShardStoreReported>(context => Note(dead, context));
        });
        await handle.Ready;
        await BusLaws.A_poison_message_becomes_a_dead_letter_with_its_reason_and_delays_no_other(server, "memory-2", () =>
        {
            var taken = new List<string>();
            while (dead.TryDequeue(out var reason)) taken.Add(reason);
            return Task.FromResult<IReadOnlyList<string>>(taken);
        });
    }

    static Task Note(ConcurrentQueue<string> dead, MessageContext context)
    {
        dead.Enqueue(context.Headers.Get<string>(BusTopology.ReasonCodeHeader) ?? "no reason");
        return Task.CompletedTask;
    }
}
