using System.Reflection;
using System.Runtime.InteropServices;

namespace Millrace.Jobs.Calls;

/// <summary>A method of a registered interface. The interface counts, since two of them may inherit one method.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct CallKey(Type Service, MethodInfo Method)
{
    public override string ToString() => $"{Service.Name}.{Method.Name}";
}
