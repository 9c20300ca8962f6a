using Lineage.ChaosHarness.Worlds;

namespace Lineage.Tests.Shared;

/// <summary>A test that needs a real RabbitMQ; where none is installed it is skipped and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RabbitMqFactAttribute : FactAttribute
{
    public RabbitMqFactAttribute() =>
        Skip = PrivateRabbitMq.Installed is null ? "RabbitMQ is not installed here (apt-get install rabbitmq-server)" : null;
}
