import type { IEndpointSource } from '@redspot/pictures';
import { mountEndpoint } from '@redspot/pictures';
import type { JSX } from 'react';
import { useEffect, useRef } from 'react';

interface IProps {
  name: string;
  source: IEndpointSource;
}

/** An endpoint's dashboard, the same as on the service's page; it follows the endpoint while it is there. */
export function EndpointDashboard({ name, source }: IProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (host.current === null) {
      return;
    }
    const mounted = mountEndpoint(host.current, name, source);
    return () => mounted.dispose();
  }, [name, source]);
  return <div ref={host} className="rsp-DashboardHost" />;
}
