using System.Reflection;

namespace Millrace.Jobs.Calls;

/// <summary>A call of a service's method, ready to be enqueued.</summary>
/// <param name="service">The interface that it was written for.</param>
/// <param name="method">The method, of that interface or of one that it inherits.</param>
/// <param name="arguments">One value per parameter; null for those that are filled in when the job runs.</param>
internal sealed class Call(Type service, MethodInfo method, object?[] arguments) : IKeyedJob
{
    public object?[] Arguments { get; } = arguments;

    public object Key => new CallKey(service, method);

    public string Unregistered =>
        $"The method {service.Name}.{method.Name} is not registered for calls. Register its interface: AddMillraceJobs().AddCalls<{service.Name}>(\"name\").";
}
