using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.Jobs.Calls;

/// <summary>A method that jobs call on the service that dependency injection has for its interface.</summary>
internal sealed class CallRegistration(string name, CallKey key, IReadOnlyList<CallParameter> parameters, CallReturn returns, JobDefaults defaults, IReadOnlyList<string> formerNames)
    : JobRegistration(name, key, defaults)
{
    private readonly Type _service = key.Service;
    private readonly MethodInvoker _invoker = MethodInvoker.Create(key.Method);
    private readonly CallPayload _payload = new(name, key, parameters);

    public override IReadOnlyList<string> FormerNames => [.. formerNames, .. Defaults.FormerNames];

    public override byte[] Serialize(object job, JsonSerializerOptions json) => _payload.Write(((Call)job).Arguments, json);

    public override Task RunAsync(IServiceProvider services, ReadOnlyMemory<byte> payload, JsonSerializerOptions json, JobContext context, CancellationToken cancellationToken)
    {
        var arguments = _payload.Read(payload.Span, json, context, cancellationToken);
        return returns.WaitAsync(_invoker.Invoke(services.GetRequiredService(_service), arguments.AsSpan()), context);
    }
}
