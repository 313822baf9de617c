using System.ComponentModel;
using System.Globalization;

namespace Millrace.Redis.Configuration;

/// <summary>Lets configuration say <c>"Endpoints": ["host:6379"]</c>.</summary>
internal sealed class RedisEndpointConverter : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

    /// <returns>The endpoint; <c>default</c>, which the options' check refuses, for what is none: the binder would drop an element that throws, in silence.</returns>
    public override object ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) =>
        RedisEndpoint.TryParse(value as string, out var endpoint) ? endpoint : default;
}
