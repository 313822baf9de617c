using Microsoft.AspNetCore.Builder;

namespace Millrace.AspNetCore.Hosting;

/// <summary>Several endpoints' conventions as one.</summary>
internal sealed class Conventions(IEndpointConventionBuilder[] parts) : IEndpointConventionBuilder
{
    public void Add(Action<EndpointBuilder> convention)
    {
        foreach (var part in parts)
        {
            part.Add(convention);
        }
    }

    public void Finally(Action<EndpointBuilder> finallyConvention)
    {
        foreach (var part in parts)
        {
            part.Finally(finallyConvention);
        }
    }
}
